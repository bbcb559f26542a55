-- reco: recommendations and stock alerts inside PostgreSQL
--
-- This script is made of the parts sql/NN-*.sql, in their order.

-- complain if the script is sourced in psql, rather than by CREATE EXTENSION
\echo Use "CREATE EXTENSION reco" to load this file. \quit
