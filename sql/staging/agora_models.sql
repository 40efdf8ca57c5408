-- Each model of metabolism, the strain that it is of, and the name it goes by in core. AGORA's models were written by
-- several programs: the id in a file is the strain's, or M_<strain>_xml; where neither is one, its file's name may be.
with
    given as (
        select
            _resource,
            min(model) as id,
            regexp_extract(_resource, '([^/]+?)(\.xml|\.sbml)?(\.gz)?$', 1) as file,
            regexp_replace(min(model), '^M_(.+)_xml$', '\1') as plain
        from raw.agora_reactions
        group by _resource
    ),
    strains as (select distinct strain_id from raw.agora_strains),
    named as (
        select g.*, coalesce(i.strain_id, p.strain_id, f.strain_id) as strain_id
        from given g
        left join strains i on i.strain_id = g.id
        left join strains p on p.strain_id = g.plain
        left join strains f on f.strain_id = g.file
    ),
    called as (select *, coalesce(strain_id, plain) as name from named)
select
    _resource as resource,
    case
        when count(*) over (partition by name) = 1
        then name
        when count(*) over (partition by name, file) = 1
        then name || ' (' || file || ')'
        else name || ' (' || _resource || ')'
    end as model,
    id as sbml_id,
    strain_id
from called
