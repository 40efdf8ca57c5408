-- What one list of samples has and another has not, both ways.
with
    lists as (select distinct list from staging.igsr_samples),
    pairs as (select a.list as in_list, b.list as not_in_list from lists a join lists b on a.list <> b.list)
select p.in_list, p.not_in_list, s.sample
from pairs p
join staging.igsr_samples s on s.list = p.in_list
anti join staging.igsr_samples o on o.list = p.not_in_list and o.sample = s.sample
