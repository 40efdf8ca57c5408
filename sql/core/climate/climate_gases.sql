-- What the air of each climate run is made of.
select distinct planet_run_key(planet, kind, model, scenario, run) as planet_run_key, gas, fraction from raw.gcm_gases
