-- One row a genome that was fetched whole: what its FASTA says by itself.
with
    ordered as (
        select
            accession,
            length,
            sum(length) over (partition by accession order by length desc, sequence) as upto,
            sum(length) over (partition by accession) as total,
            row_number() over (partition by accession order by length desc, sequence) as place
        from core.genome_sequences
    ),
    half as (
        select accession, max(length) as n50, min(place) as l50 from ordered where upto >= total / 2 group by accession
    ),
    whole as (
        select
            accession,
            min(genome) as genome,
            count(*) as sequences,
            sum(length)::bigint as length,
            max(length) as longest,
            sum(unknown)::bigint as unknown,
            sum(gc / 100 * (length - unknown) order by gc, length, unknown)
            / nullif(sum(length - unknown), 0)
            * 100 as gc
        from core.genome_sequences
        group by accession
    )
select
    w.accession,
    w.genome,
    w.sequences,
    w.length,
    w.longest,
    h.n50,
    h.l50,
    w.gc,
    w.unknown,
    a.genome_size as listed_length,
    w.length = a.genome_size as as_listed
from whole w
left join half h on h.accession = w.accession
left join staging.assemblies a on a.accession = w.accession
