-- One row a sample that any list of samples or of files names. Where lists of samples disagree, the first list by its
-- name is taken, and `disagreements` says on what. A sample that only indexes know has the population they state.
with
    listed as (
        select
            sample,
            first(biosample order by list, biosample) filter (where biosample is not null) as biosample,
            first(sex order by list, sex) filter (where sex is not null) as sex,
            first(population order by list, population) filter (where population is not null) as population,
            first(population_name order by list, population_name) filter (
                where population_name is not null
            ) as population_name,
            first(superpopulation order by list, superpopulation) filter (
                where superpopulation is not null
            ) as superpopulation,
            first(superpopulation_name order by list, superpopulation_name) filter (
                where superpopulation_name is not null
            ) as superpopulation_name,
            first(family order by list, family) filter (where family is not null) as family,
            first(father order by list, father) filter (where father is not null) as father,
            first(mother order by list, mother) filter (where mother is not null) as mother,
            list_sort(list_distinct(flatten(list(collections order by list)))) as collections,
            list(distinct list order by list) as lists,
            list_filter(
                [
                    case when count(distinct sex) > 1 then 'sex' end,
                    case when count(distinct population) > 1 then 'population' end,
                    case when count(distinct superpopulation) > 1 then 'superpopulation' end,
                    case when count(distinct family) > 1 then 'family' end,
                    case when count(distinct father) > 1 then 'father' end,
                    case when count(distinct mother) > 1 then 'mother' end
                ],
                lambda x:x is not null
            ) as disagreements
        from staging.igsr_samples
        group by sample
    ),
    filed as (
        select
            sample,
            first(population order by list, population) filter (where population is not null) as population,
            list(distinct platform order by platform) filter (where platform is not null) as platforms,
            list(distinct list order by list) as lists,
            count(distinct url) as files
        from staging.igsr_files
        where sample is not null
        group by sample
    )
select
    coalesce(l.sample, f.sample) as sample,
    l.biosample,
    l.sex,
    coalesce(l.population, f.population) as population,
    l.population_name,
    l.superpopulation,
    l.superpopulation_name,
    l.family,
    l.father,
    l.mother,
    coalesce(l.collections, []) as collections,
    coalesce(f.platforms, []) as platforms,
    coalesce(f.files, 0) as files,
    coalesce(l.lists, []) as sample_lists,
    coalesce(f.lists, []) as file_lists,
    coalesce(l.disagreements, []) as disagreements
from listed l
full join filed f on f.sample = l.sample
