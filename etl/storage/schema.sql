-- The warehouse, in numbered steps. A step that has been applied is never changed: what comes later
-- is a new step. Times are stored as UTC without a zone: DuckDB then needs no extension to compare
-- them. What thousands of vintages say alike (source, status, credit, basis, note) stands once, in
-- origins; the view `vintages` puts both together again, and is what is asked.

-- step 1: vintages, loads and what came of them
create table if not exists origins (
  origin integer not null, source varchar not null, status varchar not null,
  credit varchar not null, basis varchar not null, note varchar not null);
create table if not exists held (
  indicator varchar not null, date date not null, value double not null,
  known_at timestamp not null, public_at timestamp not null, load integer not null,
  origin integer not null);
create table if not exists loads (
  load integer not null, command varchar not null, started_at timestamp not null,
  known_at timestamp not null, finished_at timestamp);
create table if not exists outcomes (
  load integer not null, subject varchar not null, source varchar not null,
  added integer not null, revised integer not null, newest date, problem varchar not null);
create table if not exists texts (
  kind varchar not null, key varchar not null, document varchar not null,
  known_at timestamp not null, load integer not null);
create table if not exists answers (
  load integer not null, source varchar not null, indicator varchar not null,
  digest varchar not null);
create table if not exists holds (
  load integer not null, source varchar not null, indicator varchar not null,
  digest varchar not null, sentence varchar not null, accepted_load integer);
create table if not exists quarantine (
  load integer not null, source varchar not null, indicator varchar not null,
  digest varchar not null, sentence varchar not null, released_load integer);
create table if not exists actions (
  indicator varchar not null, date date not null, kind varchar not null, value double not null,
  source varchar not null, known_at timestamp not null, load integer not null);
alter table outcomes add column if not exists notice varchar default '';
create table if not exists attempts (
  load integer not null, subject varchar not null, source varchar not null,
  problem varchar not null);
create table if not exists ranks (
  indicator varchar not null, source varchar not null, rank integer not null);

-- step 2: since when a vintage is held, an order of sources in force, a name in use
create table loads_next as
select *, max(known_at) over (order by load) as loaded_at from loads order by load;
drop table loads;
alter table loads_next rename to loads;
create table first_loads (
  indicator varchar not null, load integer not null, loaded_at timestamp not null);
insert into first_loads
select f.indicator, f.load, coalesce(any_value(l.loaded_at), max(h.known_at))
from (select indicator, min(load) as load from held group by indicator) as f
join held as h on h.indicator = f.indicator and h.load = f.load
left join loads as l on l.load = f.load
group by f.indicator, f.load order by f.indicator;
create table held_next as
select h.*, case when h.load = f.load then h.known_at
                 else greatest(h.known_at, coalesce(l.loaded_at, h.known_at)) end as held_at
from held as h join first_loads as f using (indicator) left join loads as l on l.load = h.load
order by h.rowid;
drop table held;
alter table held_next rename to held;
create table ranks_next as select *, timestamp '1970-01-01 00:00:00' as since from ranks;
drop table ranks;
alter table ranks_next rename to ranks;
create table renames (old varchar not null, new varchar not null, since timestamp not null);

-- step 3: every exchange with a host, to tell how the sources answer
create table exchanges (
  load integer not null, source varchar not null, host varchar not null,
  sent_at timestamp not null, seconds double not null, problem varchar not null);
