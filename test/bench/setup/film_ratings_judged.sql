-- A model of the ratings that film_ratings.sql has left in seen, judged by those in held_out: a table with the systems in
-- other, and the figure, which is to be :rmse_to_be at most; :best_other says what others reach.
SELECT reco.create_model('cinema', ratings => 'SELECT viewer, film, score, to_timestamp(epoch) FROM seen') \g /dev/null
CREATE TABLE trained AS SELECT * FROM bench.train('cinema');
CREATE TABLE ours AS
SELECT sqrt(avg((prediction - score) ^ 2)) AS rmse, avg(abs(prediction - score)) AS mae
FROM (SELECT score, reco.predict(viewer, film, 'cinema') AS prediction FROM held_out) p;

SELECT system AS "trained by", round(rmse::numeric, 4) AS "RMSE", round(mae::numeric, 4) AS "MAE",
       round(cpu::numeric, 2) AS "CPU s", round(wall::numeric, 2) AS "wall s"
FROM (SELECT 0 AS place, 'reco' AS system, rmse, mae, cpu, wall FROM ours, trained
      UNION ALL SELECT * FROM other) t
ORDER BY place;

\getenv films FILMS
SELECT bench.figure(:'films' || ' ratings, no option given: RMSE', rmse, '<=', :rmse_to_be, 'stars', :'best_other') FROM ours \g /dev/null
