-- Which tags come most often, and how do they convert?
SELECT tag, SUM(calls) AS calls, SUM(conversions) AS conversions
FROM analytics.tag_daily
GROUP BY tag
ORDER BY calls DESC
