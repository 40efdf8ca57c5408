-- Metabolites of metabolic models, with KEGG's compound where the model names one.
with
    known as (
        select model, id, list(distinct xref order by xref) as kegg
        from raw.agora_xrefs
        where kind = 'metabolite' and database = 'kegg.compound'
        group by model, id
    )
select m.model, m.metabolite, m.name, m.compartment, m.formula, m.charge, coalesce(k.kegg, []) as kegg
from raw.agora_metabolites m
left join known k on k.model = m.model and k.id = m.metabolite
