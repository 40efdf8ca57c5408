-- Which genomes of GEM are at NCBI under another key: an assembly bears GEM's id, to the letter, as its name, its
-- isolate or its strain. What NCBI names otherwise is not found.
with
    called as (
        select genome, name as called, 'asm_name' as said_by
        from staging.assemblies
        union all
        select genome, isolate, 'isolate'
        from staging.assemblies
        union all
        select genome, strain, 'infraspecific_name'
        from staging.assemblies
        where strain is distinct from isolate
    )
select m.genome_id as genome, c.genome as same_as, string_agg(distinct c.said_by, ', ' order by c.said_by) as said_by
from staging.gem_genomes m
join called c on c.called = m.genome_id
group by m.genome_id, c.genome
