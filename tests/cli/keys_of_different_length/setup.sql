create table log_old (id int not null, line int not null, at timestamptz not null, text text);
create unique index log_old_id_line on log_old (id, line);
create unique index log_old_at on log_old (at);
create table log_new (id int, line int, at timestamptz, text text, primary key (id, line));
