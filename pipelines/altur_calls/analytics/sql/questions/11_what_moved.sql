-- Why is a number of an earlier day another than it was?
SELECT local_date, field, old_value, new_value, COUNT(*) AS calls
FROM analytics.call_changes
WHERE field IN ('status', 'answered_by', 'contact.status', 'is_deleted')
GROUP BY local_date, field, old_value, new_value
ORDER BY calls DESC
