-- MovieLens 100k, ratings: RMSE and MAE on a held-out tenth, clipped to the scale
-- needs ml-100k/ratings.tsv.gz
\setenv FILMS ml-100k
\ir setup/film_ratings.sql

CREATE TABLE other (place, system, rmse, mae, cpu, wall) AS VALUES
    (1, 'LIBMF 2.01 (AVX), k 64, 40 iterations', 0.8963, 0.7116, 0.21, 0.32),
    (2, 'cmfrec 3.5.1 CMF, k 40, scaled lambda', 0.8993, 0.7107, 0.40, 0.43),
    (3, 'LensKit 0.14.4 ItemItem', 0.9035, 0.7052, 2.56, 2.69),
    (4, 'Surprise 1.1.4 SVDpp, its defaults', 0.9067, 0.7131, 12.1, 12.4),
    (5, 'Surprise SVD, its defaults', 0.9210, 0.7275, 0.95, 0.96),
    (6, 'Surprise BaselineOnly', 0.9320, 0.7402, 0.22, 0.24),
    (7, 'sveddy 0.1.0 in PostgreSQL, k 10, tuned', 0.9344, 0.7300, 0.39, 0.45),
    (8, 'MADlib 2.1.0 lmf in PostgreSQL, rank 20', 0.9404, 0.7396, 1.23, 1.32);
\set rmse_to_be 0.878
\set best_other 'LIBMF tuned 0.8963'
\ir setup/film_ratings_judged.sql
\ir setup/training.sql
