-- How many samples each population has, and its share.
select
    population,
    min(superpopulation) as superpopulation,
    count(*) as samples,
    count(*) filter (where sex = 'male') as male,
    count(*) filter (where sex = 'female') as female,
    count(*) filter (where runs > 0) as sequenced,
    count(*) / sum(count(*)) over () as share
from core.samples
where population is not null
group by population
