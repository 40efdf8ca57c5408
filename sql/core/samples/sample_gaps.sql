-- Each list held against each other, both ways: which samples of the one the other has not.
with
    member as (select sample, unnest(sample_lists || file_lists) as list from core.samples),
    lists as (select distinct list from member)
select
    a.list,
    o.list as other,
    count(*) as samples,
    count(b.sample) as shared,
    count(*) - count(b.sample) as missing,
    coalesce(list(a.sample order by a.sample) filter (where b.sample is null), []) as missing_samples
from member a
join lists o on o.list <> a.list
left join member b on b.list = o.list and b.sample = a.sample
group by a.list, o.list
