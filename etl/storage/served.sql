-- Which vintage of each date is served as of a moment: the newest of the preferred source that has
-- the date, or an import where that came later and is not of a time before the source's value was
-- public. Kept as a macro in the warehouse and in snapshots; DuckDB 2 does not read what 1.5 keeps
-- of named arguments, except those of struct_pack.
--
-- From the first load of an indicator on, a moment is answered with what was held then (`held_at`),
-- by the order of sources that was in force then. Before it nothing was held: the answer is
-- reconstructed from when values became public (`known_at`), by the order in force now.
with begun as (
  select indicator, loaded_at as begun_at from first_loads where {indicators}),
in_force as (
  select indicator,
         coalesce(max(since) filter (where since <= {moment} or {moment} < begun_at), min(since))
           as since
  from ranks join begun using (indicator) group by indicator),
preferred as (
  select indicator, source, rank from ranks join in_force using (indicator, since)),
known as (
  select v.indicator, v.date, v.source,
         arg_max(struct_pack(value := v.value, load := v.load, known_at := v.known_at,
                 held_at := v.held_at, public_at := v.public_at, status := v.status,
                 credit := v.credit, basis := v.basis, note := v.note),
                 (v.known_at, v.load)) as newest
  from vintages as v join begun as b on b.indicator = v.indicator
  where {vintages}
    and case when {moment} < b.begun_at then v.known_at else v.held_at end <= {moment}
  group by v.indicator, v.date, v.source),
ranked as (
  select k.*, coalesce(p.rank, 99) as rank
  from known as k left join preferred as p on p.indicator = k.indicator and p.source = k.source),
best as (
  select indicator, date, min(rank) filter (where source <> 'import') as rank,
         arg_min(newest.public_at, rank) filter (where source <> 'import') as public_at
  from ranked group by indicator, date)
select c.indicator, c.date, chosen.newest.value, chosen.source, chosen.newest.known_at,
       chosen.newest.public_at, chosen.newest.status, chosen.newest.credit, chosen.newest.basis,
       chosen.newest.note, chosen.newest.held_at, chosen.newest.load
from (
  select r.indicator, r.date,
         arg_max(struct_pack(newest := r.newest, source := r.source),
                 (r.newest.held_at, r.newest.load)) as chosen
  from ranked as r join best as b on b.indicator = r.indicator and b.date = r.date
  where r.rank = b.rank and r.source <> 'import'
     or r.source = 'import' and (b.rank is null or r.newest.known_at >= b.public_at)
  group by r.indicator, r.date) as c
order by c.indicator, c.date
