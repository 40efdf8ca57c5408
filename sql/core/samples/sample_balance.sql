-- How many samples each list has of each population; the list "all" is every sample that any list knows.
with member as (select *, unnest(['all'] || sample_lists || file_lists) as list from core.samples)
select
    list,
    coalesce(superpopulation, superpopulation_name, 'not said') as superpopulation,
    coalesce(population, population_name, 'not said') as population,
    count(*) as samples,
    count(*) filter (where sex = 'female') as females,
    count(*) filter (where sex = 'male') as males,
    count(*) filter (where sex is null) as sex_not_said,
    count(distinct family) as families,
    count(*) filter (where files > 0) as with_files,
    count(*) / sum(count(*)) over (partition by list) as share
from member
group by 1, 2, 3
