-- Metabolites of metabolic models, with KEGG's compound where the model's annotation or its notes name one.
with
    known as (
        select _resource, id, list(distinct xref order by xref) as kegg
        from raw.agora_xrefs
        where kind = 'metabolite' and database = 'kegg.compound' and coalesce(qualifier, 'is') = 'is'
        group by _resource, id
    )
select a.model, m.metabolite, m.name, m.compartment, m.formula, m.charge_real as charge, coalesce(k.kegg, []) as kegg
from raw.agora_metabolites m
join core.reconstructions a on a.resource = m._resource
left join known k on k._resource = m._resource and k.id = m.metabolite
