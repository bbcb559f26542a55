-- MovieLens 1M, ratings: RMSE and MAE on a held-out tenth, clipped to the scale
-- needs ml-1m/ratings.tsv.gz
\setenv FILMS ml-1m
\ir setup/film_ratings.sql

CREATE TABLE other (place, system, rmse, mae, cpu, wall) AS VALUES
    (1, 'LIBMF 2.01 (AVX), k 100, 20 iterations', 0.8383, 0.6610, 1.40, 1.56),
    (2, 'LensKit 0.14.4 ItemItem, 20 neighbours', 0.8459, 0.6585, 15.4, 17.1),
    (3, 'Surprise 1.1.4 SVD, 40 epochs', 0.8472, 0.6669, 6.71, 6.81),
    (4, 'cmfrec 3.5.1 CMF, k 64, scaled lambda', 0.8491, 0.6685, 4.25, 4.57),
    (5, 'sveddy 0.1.0 in PostgreSQL, k 10, tuned', 0.8552, 0.6687, 2.76, 3.14),
    (6, 'Surprise SVDpp', 0.8572, 0.6708, 255, 361),
    (7, 'Surprise SVD, its defaults', 0.8664, 0.6796, 3.44, 3.49),
    (8, 'MADlib 2.1.0 lmf in PostgreSQL, rank 20', 0.8756, 0.6856, 11.3, 11.8),
    (9, 'Surprise BaselineOnly', 0.9069, 0.7183, 1.67, 1.69);
\set rmse_to_be 0.826
\set best_other 'LIBMF tuned 0.8383'
\ir setup/film_ratings_judged.sql
\ir setup/training.sql
