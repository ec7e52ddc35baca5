-- Why did counts of calls, answers and conversions of the last seven days change?
SELECT local_date, field, old_value, new_value, COUNT(*) AS calls
FROM analytics.call_changes
WHERE field IN ('status', 'answered_by', 'contact.status', 'is_deleted') AND local_date > CURRENT_DATE - 7
GROUP BY local_date, field, old_value, new_value
ORDER BY calls DESC
