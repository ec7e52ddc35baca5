-- One row per campaign and day (UTC) with calls.
select
    campaign_id,
    cast(created_at at time zone 'UTC' as date) as day,
    count(*) as calls,
    count(*) filter (answered_by = 'human') as answered_by_a_person
from {{ source('altur', 'campaign_calls') }}
where not is_deleted
group by all
