-- Reference maps and the pathways of organisms. A pathway's name is that of the list that names it; a KGML document's
-- title where none does. Class and subclass by the map's number in br08901.
with
    named as (
        select 1 as place, pathway_id, name, cast(null as varchar) as organism
        from raw.kegg_pathways
        union all
        select 2, pathway_id, name, organism
        from raw.kegg_organism_pathways
        union all
        select 3, pathway_id, title, case when organism not in ('map', 'ko', 'ec', 'rn') then organism end
        from raw.kgml_pathways
    ),
    once as (
        select
            pathway_id,
            coalesce(min(name) filter (place = 1), min(name) filter (place = 2), min(name)) as name,
            min(organism) as organism
        from named
        group by pathway_id
    ),
    classes as (
        select id as number, min(path[1]) as class, min(path[2]) as subclass
        from raw.kegg_hierarchy
        where brite = 'br08901'
        group by id
    )
select
    o.pathway_id,
    map_number(o.pathway_id) as number,
    o.name,
    c.class as class,
    c.subclass,
    o.organism,
    o.organism is null as is_reference
from once o
left join classes c on c.number = map_number(o.pathway_id)
