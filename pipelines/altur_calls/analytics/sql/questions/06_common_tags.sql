-- Which tags come most often, and how many contacts converted whose last call has them?
SELECT tag, SUM(calls) AS calls, SUM(conversions) AS conversions
FROM analytics.tag_daily
GROUP BY tag
ORDER BY calls DESC
