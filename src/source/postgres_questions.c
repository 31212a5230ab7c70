#include "source/postgres_questions.h"

const char PG_GONE_SQL[] =
    "WITH RECURSIVE tree(relid) AS (SELECT $1::oid"
    " UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.relid),"
    " gone(relid, attnum) AS (SELECT a.attrelid, a.attnum FROM tree t JOIN pg_attribute a ON a.attrelid = t.relid"
    "  AND a.attnum > 0 AND NOT a.attisdropped AND ($2::text IS NULL OR a.attname = $2)"
    "  UNION ALL SELECT relid, 0 FROM tree WHERE $2 IS NULL),"
    " instead(relid, attnum) AS (SELECT a.attrelid, a.attnum FROM tree t JOIN pg_attribute a ON a.attrelid = t.relid"
    "  AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY ($3::text[])),"
    " dep AS (SELECT d.classid, d.objid, d.objsubid, d.deptype, g.relid, g.attnum FROM gone g JOIN pg_depend d"
    "  ON d.refclassid = 'pg_class'::regclass AND d.refobjid = g.relid AND d.refobjsubid = g.attnum) ";

/* ---- refused by --------------------------------------------------------------------------------------------- */

static const char VIEW_SQL[] =
    "SELECT DISTINCT 'n', c.oid::regclass::text, 'its query reads it' FROM dep d"
    " JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid"
    " JOIN pg_class c ON c.oid = r.ev_class AND c.relkind = 'v' WHERE c.oid NOT IN (SELECT relid FROM tree)";

static const char MATERIALIZED_VIEW_SQL[] =
    "SELECT DISTINCT 'n', c.oid::regclass::text, 'its query reads it' FROM dep d"
    " JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid"
    " JOIN pg_class c ON c.oid = r.ev_class AND c.relkind = 'm' WHERE c.oid NOT IN (SELECT relid FROM tree)";

static const char RULE_SQL[] =
    "SELECT DISTINCT 'n', r.rulename || ' on ' || c.oid::regclass, 'its action or condition names it' FROM dep d"
    " JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid"
    " JOIN pg_class c ON c.oid = r.ev_class AND c.relkind NOT IN ('v', 'm')"
    " WHERE $2 IS NOT NULL OR c.oid NOT IN (SELECT relid FROM tree)";

static const char FOREIGN_KEY_SQL[] =
    "SELECT DISTINCT 'n', k.conname || ' on ' || k.conrelid::regclass, pg_get_constraintdef(k.oid) FROM gone g"
    " JOIN pg_constraint k ON k.contype = 'f' AND k.confrelid = g.relid AND g.attnum = ANY (k.confkey)"
    " WHERE $2 IS NOT NULL OR k.conrelid NOT IN (SELECT relid FROM tree)";

static const char TRIGGER_SQL[] =
    "SELECT DISTINCT 'n', t.tgname || ' on ' || t.tgrelid::regclass,"
    " CASE WHEN d.attnum = ANY (t.tgattr::int2[]) THEN 'it fires on UPDATE OF it' ELSE 'its WHEN reads it' END"
    " FROM dep d JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid"
    " WHERE NOT t.tgisinternal AND ($2 IS NOT NULL OR t.tgrelid NOT IN (SELECT relid FROM tree))";

static const char POLICY_SQL[] =
    "SELECT DISTINCT 'n', p.polname || ' on ' || p.polrelid::regclass, 'its condition reads it'"
    " FROM dep d JOIN pg_policy p ON d.classid = 'pg_policy'::regclass AND p.oid = d.objid"
    " WHERE $2 IS NOT NULL OR p.polrelid NOT IN (SELECT relid FROM tree)";

static const char PUBLICATION_SQL[] =
    "SELECT DISTINCT 'n', p.pubname::text, CASE WHEN d.attnum = ANY (r.prattrs::int2[])"
    " THEN 'its column list names it' ELSE 'its WHERE reads it' END"
    " FROM dep d JOIN pg_publication_rel r ON d.classid = 'pg_publication_rel'::regclass AND r.oid = d.objid"
    " JOIN pg_publication p ON p.oid = r.prpubid";

/* Until 15 a generated column depended on its source like a default: it went with it in silence. */
static const char GENERATED_SQL[] =
    "SELECT DISTINCT 'n', a.attrelid::regclass || '.' || a.attname, 'it is generated from it' FROM dep d"
    " LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid"
    " JOIN pg_attribute a ON a.attgenerated <> '' AND (a.attrelid = f.adrelid AND a.attnum = f.adnum"
    "  OR d.classid = 'pg_class'::regclass AND a.attrelid = d.objid AND a.attnum = d.objsubid)"
    " WHERE NOT EXISTS (SELECT FROM gone g WHERE g.relid = a.attrelid AND g.attnum = a.attnum)";

static const char SQL_BODY_SQL[] = "SELECT DISTINCT 'n', p.oid::regprocedure::text, 'its body reads it' FROM dep d"
                                   " JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid";

static const char PARTITION_KEY_SQL[] =
    "SELECT DISTINCT 'n', p.partrelid::regclass::text, pg_get_partkeydef(p.partrelid) FROM gone g"
    " JOIN pg_partitioned_table p ON p.partrelid = g.relid"
    " WHERE g.attnum = ANY (p.partattrs::int2[]) OR EXISTS (SELECT FROM dep d WHERE d.attnum = g.attnum"
    "  AND d.classid = 'pg_class'::regclass AND d.objid = p.partrelid AND d.objsubid = 0)";

static const char INHERITED_SQL[] =
    "SELECT 'n', i.inhparent::regclass::text, 'it is inherited from there' FROM pg_inherits i"
    " JOIN pg_attribute a ON a.attrelid = i.inhparent AND a.attname = $2 AND NOT a.attisdropped"
    " WHERE i.inhrelid = $1::oid UNION ALL"
    " SELECT 'n', c.reloftype::regtype::text, 'the table is of this type' FROM pg_class c"
    " WHERE c.oid = $1::oid AND c.reloftype <> 0";

/* Whatever else PostgreSQL knows, now or in a later version. */
static const char OTHER_SQL[] =
    "SELECT DISTINCT 'n', pg_describe_object(d.classid, d.objid, d.objsubid), 'it depends on it' FROM dep d"
    " WHERE d.deptype = 'n' AND d.classid NOT IN ('pg_rewrite'::regclass, 'pg_constraint'::regclass,"
    "  'pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_publication_rel'::regclass, 'pg_attrdef'::regclass,"
    "  'pg_proc'::regclass, 'pg_statistic_ext'::regclass)"
    " AND NOT (d.classid = 'pg_class'::regclass AND d.objid IN (SELECT relid FROM tree))";

/* ---- silently lost -------------------------------------------------------------------------------------------- */

/* A plain index on the column alone is the column's own affair, and so is a unique one where what takes the column's
 * place is unique, too. Of a partitioned table the index of the parent says it all. */
static const char INDEX_SQL[] =
    "SELECT DISTINCT 'n', i.indexrelid::regclass::text, CASE WHEN i.indisreplident THEN 'the replica identity: '"
    " WHEN i.indisprimary THEN 'the primary key: ' WHEN i.indisexclusion THEN 'an exclusion constraint: '"
    " WHEN i.indisunique THEN 'a unique index: ' WHEN i.indexprs IS NOT NULL THEN 'an expression index: '"
    " WHEN i.indpred IS NOT NULL THEN 'a partial index: ' ELSE 'an index on other columns as well: ' END"
    " || pg_get_indexdef(i.indexrelid) FROM gone g JOIN pg_index i ON i.indrelid = g.relid"
    " WHERE (g.attnum = ANY (i.indkey::int2[]) OR EXISTS (SELECT FROM dep d WHERE d.relid = g.relid"
    "   AND d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid))"
    " AND NOT EXISTS (SELECT FROM pg_inherits p WHERE p.inhrelid = i.indexrelid)"
    " AND NOT (i.indnatts = 1 AND i.indexprs IS NULL AND i.indpred IS NULL AND NOT i.indisreplident"
    "  AND NOT i.indisexclusion AND (NOT i.indisunique OR EXISTS (SELECT FROM instead s JOIN pg_index u"
    "   ON u.indrelid = s.relid AND u.indnatts = 1 AND u.indkey[0] = s.attnum"
    "   WHERE u.indisunique AND u.indisvalid AND u.indpred IS NULL AND s.relid = g.relid)))";

static const char CHECK_SQL[] =
    "SELECT DISTINCT 'n', k.conname || ' on ' || k.conrelid::regclass, pg_get_constraintdef(k.oid) FROM gone g"
    " JOIN pg_constraint k ON k.contype = 'c' AND k.conrelid = g.relid AND g.attnum = ANY (k.conkey)"
    " WHERE k.coninhcount = 0";

static const char OWN_FOREIGN_KEY_SQL[] =
    "SELECT DISTINCT 'n', k.conname || ' on ' || k.conrelid::regclass, pg_get_constraintdef(k.oid) FROM gone g"
    " JOIN pg_constraint k ON k.contype = 'f' AND k.conrelid = g.relid AND g.attnum = ANY (k.conkey)"
    " WHERE k.coninhcount = 0 AND NOT (cardinality(k.conkey) = 1 AND EXISTS (SELECT FROM instead s"
    "  JOIN pg_constraint o ON o.contype = 'f' AND o.conrelid = s.relid AND s.attnum = ANY (o.conkey)"
    "  WHERE o.confrelid = k.confrelid AND s.relid = g.relid))";

static const char STATISTICS_SQL[] =
    "SELECT DISTINCT 'n', s.stxnamespace::regnamespace || '.' || quote_ident(s.stxname),"
    " 'extended statistics of it and others' FROM dep d"
    " JOIN pg_statistic_ext s ON d.classid = 'pg_statistic_ext'::regclass AND s.oid = d.objid";

/* A right that the role has on all columns that take its place is not lost. */
static const char GRANT_SQL[] =
    "SELECT 'n', CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END"
    " || CASE WHEN g.relid = $1::oid THEN '' ELSE ' on ' || g.relid::regclass END,"
    " 'granted on this column: ' || string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type)"
    " FROM gone g JOIN pg_attribute a ON a.attrelid = g.relid AND a.attnum = g.attnum"
    " CROSS JOIN LATERAL aclexplode(a.attacl) x"
    " WHERE NOT (EXISTS (SELECT FROM instead s WHERE s.relid = g.relid) AND NOT EXISTS"
    "  (SELECT FROM instead s WHERE s.relid = g.relid AND NOT CASE WHEN x.grantee = 0 THEN false"
    "   ELSE has_column_privilege(x.grantee, s.relid, s.attnum, x.privilege_type) END)) GROUP BY x.grantee, g.relid";

static const char SEQUENCE_SQL[] =
    "SELECT DISTINCT 'n', c.oid::regclass::text, 'the sequence is owned by it' FROM dep d"
    " JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind = 'S'"
    " WHERE d.deptype IN ('a', 'i')";

static const char COMMENT_SQL[] =
    "SELECT 'm', g.relid::regclass || '.' || $2, 'its comment goes with it: ' || left(c.description, 200)"
    " FROM gone g JOIN pg_description c ON c.classoid = 'pg_class'::regclass AND c.objoid = g.relid"
    " AND c.objsubid = g.attnum WHERE g.relid = $1::oid";

/* ---- never noticed -------------------------------------------------------------------------------------------- */

static const char ROW_TYPE_SQL[] =
    "SELECT DISTINCT CASE WHEN d.classid = 'pg_class'::regclass THEN 'n' ELSE 'u' END,"
    " CASE WHEN d.classid = 'pg_proc'::regclass THEN d.objid::regprocedure::text"
    "  ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END,"
    " CASE WHEN d.classid = 'pg_proc'::regclass THEN 'it takes or gives rows of the table'"
    "  WHEN d.classid = 'pg_class'::regclass THEN 'it holds rows of the table' ELSE 'it uses the row type' END"
    " FROM tree t JOIN pg_class c ON c.oid = t.relid JOIN pg_type y ON y.oid = c.reltype"
    " JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (y.oid, y.typarray)"
    " WHERE NOT (d.deptype = 'i' AND d.objid IN (y.oid, y.typarray))"
    " AND NOT (d.classid = 'pg_class'::regclass AND d.objid IN (SELECT relid FROM tree))";

/* ---- whether what takes its place is whole -------------------------------------------------------------------- */

static const char NOT_VALID_SQL[] =
    "SELECT DISTINCT 'n', k.conname || ' on ' || k.conrelid::regclass, 'not validated: ' || pg_get_constraintdef(k.oid)"
    " FROM gone g JOIN pg_constraint k ON k.conrelid = g.relid AND g.attnum = ANY (k.conkey) WHERE NOT k.convalidated";

static const char INVALID_INDEX_SQL[] =
    "SELECT DISTINCT 'n', i.indexrelid::regclass::text, CASE WHEN NOT i.indisvalid THEN 'not valid: '"
    " ELSE 'not ready: ' END || pg_get_indexdef(i.indexrelid)"
    " FROM tree t JOIN pg_index i ON i.indrelid = t.relid WHERE NOT i.indisvalid OR NOT i.indisready";

static const char DISABLED_TRIGGER_SQL[] =
    "SELECT 'n', t.tgname || ' on ' || t.tgrelid::regclass, CASE t.tgenabled WHEN 'D' THEN 'disabled'"
    " ELSE 'it fires for replicated changes only' END"
    " FROM tree r JOIN pg_trigger t ON t.tgrelid = r.relid WHERE t.tgenabled IN ('D', 'R')";

/* ---- replication ---------------------------------------------------------------------------------------------- */

static const char PREPARED_SQL[] =
    "SELECT 'n', p.gid, 'prepared by ' || p.owner || ' at ' || to_char(p.prepared AT TIME ZONE 'UTC',"
    " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') || ', it holds a lock on the table' FROM pg_prepared_xacts p"
    " WHERE p.database = current_database() AND EXISTS (SELECT FROM pg_locks x JOIN pg_locks r"
    "  ON r.virtualtransaction = x.virtualtransaction AND r.locktype = 'relation'"
    "  AND r.relation IN (SELECT relid FROM tree)"
    "  AND r.database = (SELECT b.oid FROM pg_database b WHERE b.datname = current_database())"
    "  WHERE x.locktype = 'transactionid' AND x.transactionid = p.transaction)";

static const char PUBLISHED_SQL[] =
    "SELECT DISTINCT 'u', p.pubname::text, 'it publishes the table: subscribers and consumers of its changes may read"
    " the column' FROM tree t JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_publication_tables p ON p.schemaname = n.nspname AND p.tablename = c.relname";

static const char PUBLISHED_COLUMNS_SQL[] =
    "SELECT DISTINCT 'u', p.pubname::text, 'it publishes the table: subscribers and consumers of its changes may read"
    " the column' FROM tree t JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_publication_tables p ON p.schemaname = n.nspname AND p.tablename = c.relname"
    " WHERE $2 IS NULL OR $2 = ANY (p.attnames::text[])";

/* What a slot's consumer asks for is known only where the built-in plugin serves it, and there by publications. */
static const char SLOT_SQL[] =
    "SELECT 'u', s.slot_name::text, CASE WHEN s.active THEN 'an active' ELSE 'an idle' END || ' slot of ' || s.plugin"
    " || ': its consumer may read the column' FROM pg_replication_slots s"
    " WHERE s.slot_type = 'logical' AND s.database = current_database() AND (s.plugin <> 'pgoutput' OR EXISTS"
    "  (SELECT FROM tree t JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace"
    "   JOIN pg_publication_tables p ON p.schemaname = n.nspname AND p.tablename = c.relname))";

static const char SUBSCRIPTION_SQL[] =
    "SELECT DISTINCT 'n', s.subname::text, 'it writes the table: changes that bring the column could not be applied'"
    " FROM tree t JOIN pg_subscription_rel r ON r.srrelid = t.relid JOIN pg_subscription s ON s.oid = r.srsubid";

/* Each server counts for itself. */
static const char STANDBY_SQL[] =
    "SELECT DISTINCT 'u', coalesce(nullif(r.application_name, ''), r.client_addr::text, 'a standby'),"
    " 'it streams from here; statements that it answers are not counted here' FROM pg_stat_replication r"
    " WHERE coalesce(r.state, 'streaming') <> 'backup' AND NOT EXISTS (SELECT FROM pg_replication_slots s"
    "  WHERE s.active_pid = r.pid AND s.slot_type = 'logical')";

/* ---- the table of them ---------------------------------------------------------------------------------------- */

static const char REFUSED[] = "refused by", LOST[] = "silently lost", UNNOTICED[] = "never noticed",
                  WHOLE[] = "new column", TRAFFIC[] = "traffic", REPLICATION[] = "replication";

const PgQuestion PG_QUESTIONS[] = {
    {REFUSED, "view", "no view depends on it", PG_ASKED_OF_DROPPED, 0, 0, VIEW_SQL},
    {REFUSED, "materialized-view", "no materialized view depends on it", PG_ASKED_OF_DROPPED, 0, 0,
     MATERIALIZED_VIEW_SQL},
    {REFUSED, "rule", "no rule depends on it", PG_ASKED_OF_DROPPED, 0, 0, RULE_SQL},
    {REFUSED, "foreign-key", "no foreign key refers to it", PG_ASKED_OF_DROPPED, 0, 0, FOREIGN_KEY_SQL},
    {REFUSED, "trigger", "no trigger's condition depends on it", PG_ASKED_OF_DROPPED, 0, 0, TRIGGER_SQL},
    {REFUSED, "policy", "no row-level policy depends on it", PG_ASKED_OF_DROPPED, 0, 0, POLICY_SQL},
    {REFUSED, "publication", "no publication's columns or condition name it", PG_ASKED_OF_COLUMN, 150000, 0,
     PUBLICATION_SQL},
    {REFUSED, "generated-column", "no column is generated from it", PG_ASKED_OF_COLUMN, 150000, 0, GENERATED_SQL},
    {REFUSED, "sql-body-function", "no function with an SQL body depends on it", PG_ASKED_OF_DROPPED, 140000, 0,
     SQL_BODY_SQL},
    {REFUSED, "partition-key", "it is in no partition key", PG_ASKED_OF_COLUMN, 0, 0, PARTITION_KEY_SQL},
    {REFUSED, "inherited", "it is not inherited", PG_ASKED_OF_COLUMN, 0, 0, INHERITED_SQL},
    {REFUSED, "other", "nothing else depends on it", PG_ASKED_OF_DROPPED, 0, 0, OTHER_SQL},
    {LOST, "index", "no index goes with it that others need", PG_ASKED_OF_COLUMN, 0, 0, INDEX_SQL},
    {LOST, "check", "no CHECK goes with it", PG_ASKED_OF_COLUMN, 0, 0, CHECK_SQL},
    {LOST, "own-foreign-key", "no foreign key of its own goes with it", PG_ASKED_OF_COLUMN, 0, 0, OWN_FOREIGN_KEY_SQL},
    {LOST, "statistics", "no extended statistics go with it", PG_ASKED_OF_COLUMN, 0, 0, STATISTICS_SQL},
    {LOST, "grant", "no rights go with it", PG_ASKED_OF_COLUMN, 0, 0, GRANT_SQL},
    {LOST, "sequence", "no sequence goes with it", PG_ASKED_OF_COLUMN, 0, 0, SEQUENCE_SQL},
    {LOST, "generated-column", "no generated column goes with it", PG_ASKED_OF_COLUMN, 120000, 150000, GENERATED_SQL},
    {LOST, "comment", "a comment may go", PG_ASKED_OF_COLUMN, 0, 0, COMMENT_SQL},
    {UNNOTICED, "row-type", "nothing uses the table's row type", PG_ASKED_OF_COLUMN, 0, 0, ROW_TYPE_SQL},
    {REFUSED, "row-type", "nothing uses the table's row type", PG_ASKED_OF_TABLE, 0, 0, ROW_TYPE_SQL},
    {WHOLE, "not-valid", "every constraint is validated", PG_ASKED_OF_REPLACEMENT, 0, 0, NOT_VALID_SQL},
    {WHOLE, "invalid-index", "every index is valid", PG_ASKED_OF_REPLACEMENT, 0, 0, INVALID_INDEX_SQL},
    {WHOLE, "disabled-trigger", "every trigger fires", PG_ASKED_OF_REPLACEMENT | PG_ASKED_OF_COLUMN, 0, 0,
     DISABLED_TRIGGER_SQL},
    {TRAFFIC, "standby", "no standby answers statements", PG_ASKED_OF_DROPPED, 0, 0, STANDBY_SQL},
    {REPLICATION, "prepared-transaction", "no prepared transaction holds the table", PG_ASKED_OF_DROPPED, 0, 0,
     PREPARED_SQL},
    {REPLICATION, "published", "no publication carries it", PG_ASKED_OF_DROPPED, 0, 150000, PUBLISHED_SQL},
    {REPLICATION, "published", "no publication carries it", PG_ASKED_OF_DROPPED, 150000, 0, PUBLISHED_COLUMNS_SQL},
    {REPLICATION, "slot", "no logical replication slot may carry it", PG_ASKED_OF_DROPPED, 0, 0, SLOT_SQL},
    {REPLICATION, "subscription", "no subscription writes the table", PG_ASKED_OF_DROPPED, 0, 0, SUBSCRIPTION_SQL},
};

const size_t PG_QUESTION_COUNT = sizeof PG_QUESTIONS / sizeof *PG_QUESTIONS;

/* ---- traits --------------------------------------------------------------------------------------------------- */

/* Of the column in the table itself; what its children have is theirs. */
const char PG_TRAITS_SQL[] =
    "SELECT t.name, t.shown FROM gone g JOIN pg_attribute a ON a.attrelid = g.relid AND a.attnum = g.attnum"
    " LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum CROSS JOIN LATERAL (VALUES"
    " ('not-null', CASE WHEN a.attnotnull THEN 'NOT NULL' END),"
    " ('default', CASE WHEN a.attidentity <> '' THEN 'an identity'"
    "  ELSE 'DEFAULT ' || left(pg_get_expr(f.adbin, f.adrelid), 200) END),"
    " ('unique', (SELECT min(u.indexrelid::regclass::text) FROM pg_index u WHERE u.indrelid = g.relid"
    "  AND u.indnatts = 1 AND u.indkey[0] = g.attnum AND u.indisunique AND u.indisvalid AND u.indpred IS NULL)),"
    " ('foreign-key', (SELECT min(left(pg_get_constraintdef(k.oid), 200)) FROM pg_constraint k WHERE k.contype = 'f'"
    "  AND k.conrelid = g.relid AND g.attnum = ANY (k.conkey))),"
    " ('index', (SELECT min(u.indexrelid::regclass::text) FROM pg_index u WHERE u.indrelid = g.relid"
    "  AND u.indkey[0] = g.attnum AND u.indisvalid AND u.indpred IS NULL)))"
    " AS t(name, shown) WHERE g.relid = $1::oid AND g.attnum > 0 AND $2 IS NOT NULL";
