"""The tables as they are at the head of the migrations (a test holds the two equal)."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from db.columns import Id, Json, UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# State of polling only: what a source is stands in config/sources/*.yaml.
sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("configured", Boolean, nullable=False),
    Column("cursor", Json, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("lease_until", UtcTime),
    Column("lease_owner", Text),
    Column("last_attempt_at", UtcTime),
    Column("last_success_at", UtcTime),
    Column("last_new_at", UtcTime),
    Column("last_outcome", Text),
    Column("last_problem", Text),
    Column("last_notice", Text),
    Column("failures", Integer, nullable=False),  # in a row, up to now
    Column("polls", BigInteger, nullable=False),
    Column("posts_found", BigInteger, nullable=False),
    Column("avg_yield", Double),  # entries a successful poll, running mean
    Index(None, "next_at"),
    Index(None, "last_attempt_at"),
)

# Detail pages that could not be stored with their poll, to be tried again.
pending_pages = Table(
    "pending_pages",
    metadata,
    Column("source", Text, ForeignKey("sources.name", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("fields", Json, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("problem", Text, nullable=False),
)

# Raw answers, addressed by their content: one page that shows twenty posts is stored once.
evidence = Table(
    "evidence",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),  # zlib
    Column("size", BigInteger, nullable=False),  # bytes before compression
    Column("content_type", Text, nullable=False),
)

posts = Table(
    "posts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("url", Text),
    Column("channel", Text, nullable=False),
    Column("region", Text),
    Column("author_hash", Text),
    Column("published_raw", Text),
    Column("published_at", UtcTime),
    Column("event_at", UtcTime, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("engagement", Json, nullable=False),
    # The current version. No foreign key: it would close a ring with versions.post_id
    # (`check` looks instead).
    Column("version_id", BigInteger),
    Column("duplicate_of", BigInteger, ForeignKey("posts.id", ondelete="SET NULL")),
    # Row of SQLite's search index, in order of hours (search_index.py); NULL on PostgreSQL.
    Column("search_row", BigInteger, unique=True),
    UniqueConstraint("source", "key"),
    Index(None, "event_at"),
    Index(
        None,
        "duplicate_of",
        sqlite_where=text("duplicate_of IS NOT NULL"),
        postgresql_where=text("duplicate_of IS NOT NULL"),
    ),
    Index(
        "ix_posts_undated",  # whose time nobody could read: asked for all the time, hardly any
        "event_at",
        sqlite_where=text("published_at IS NULL AND published_raw IS NOT NULL"),
        postgresql_where=text("published_at IS NULL AND published_raw IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

versions = Table(
    "versions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("post_id", BigInteger, ForeignKey("posts.id", ondelete="CASCADE"), nullable=False),
    Column("hash", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("reply", Text),
    Column("reply_at", UtcTime),
    Column("seen_at", UtcTime, nullable=False),
    Column("evidence_sha256", Text, ForeignKey("evidence.sha256")),
    Column("fetched_url", Text),
    Column("fetched_at", UtcTime),
    Column("status", Integer),
    Column("assessed_at", UtcTime),
    Column("assessed_by", Text),  # the scorer whose assessment stands
    # Found in a recording: machines alone are told of it.
    Column("recorded", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("post_id", "hash"),
    Index(None, "hash", "post_id"),
    Index(
        "ix_versions_unassessed",
        "id",
        sqlite_where=text("assessed_at IS NULL"),
        postgresql_where=text("assessed_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

assessments = Table(
    "assessments",
    metadata,
    Column(
        "version_id", BigInteger, ForeignKey("versions.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("scorer", Text, primary_key=True),
    Column("relevant", Boolean, nullable=False),
    Column("relevance", Double, nullable=False),
    Column("complaint", Boolean, nullable=False),
    Column("role", Text),  # domain.assessments.PostRole; NULL: not relevant, or not asked then
    Column("negativity", Double),
    Column("category", Text),
    Column("aspects", Json, nullable=False),
    Column("severity", Text, nullable=False),
    Column("severity_score", Double, nullable=False),
    Column("area", Text, nullable=False),
    Column("places", Json, nullable=False),
    Column("station", Text),
    Column("reasons", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
    sqlite_with_rowid=False,  # each post has one: its key is not to be stored twice
)

# What people said of a version. Append-only by triggers; no foreign key, because it outlives the
# post, and a cascade would change it (migrations/versions/0002_*.py).
corrections = Table(
    "corrections",
    metadata,
    Column("id", Id, primary_key=True),
    Column("post_id", BigInteger, nullable=False),
    Column("version_id", BigInteger, nullable=False),
    Column("what", Text, nullable=False),
    Column("category", Text),
    Column("who", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    CheckConstraint(
        "what IN ('complaint', 'not_complaint', 'irrelevant', 'false_alarm')", name="what"
    ),
    Index(None, "version_id"),
    sqlite_autoincrement=True,
)

# Every question to a second opinion, written before it is asked: the count is the cost.
opinions_asked = Table(
    "opinions_asked",
    metadata,
    Column("id", Id, primary_key=True),
    Column("version_id", BigInteger, ForeignKey("versions.id", ondelete="CASCADE"), nullable=False),
    Column("scorer", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("outcome", Text),  # agrees, disagrees, failed; NULL: no answer was recorded
    Column("detail", Text),
    Index(None, "version_id"),
    Index(None, "at"),
    sqlite_autoincrement=True,
)

incident_numbers = Table(
    "incident_numbers",
    metadata,
    Column("day", Text, primary_key=True),  # YYYYMMDD, local
    Column("last", Integer, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("severity_score", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("place_code", Text),
    Column("place", Text),
    Column("station", Text),
    Column("first_event_at", UtcTime, nullable=False),
    Column("last_event_at", UtcTime, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("post_count", Integer, nullable=False),
    Column("channels", Json, nullable=False),
    Column("report_no", Integer, nullable=False),
    Column("previous", Text),
    Column("fresh", Boolean, nullable=False),
    Column("profile", Json, nullable=False),  # what rating remembers; opaque here
    Column("updated_at", UtcTime, nullable=False),
    CheckConstraint(
        "state IN ('discovered', 'acknowledged', 'investigating', 'responded', 'rectified',"
        " 'reviewed', 'closed', 'false_alarm', 'merged')",
        name="state",
    ),
    Index(None, "state", "last_event_at"),
    Index(None, "last_event_at"),
    sqlite_autoincrement=True,
)

incident_posts = Table(
    "incident_posts",
    metadata,
    Column("post_id", BigInteger, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("role", Text, nullable=False, server_default="complaint"),  # domain.assessments.PostRole
    Index(None, "incident_id"),
)

# What a post may share with an incident (a text, a place, a telling word): how the few that it may
# join are found among all. The newest of a key are read, so the key comes first and the id last.
# No foreign key: a row whose incident is gone finds nothing.
incident_keys = Table(
    "incident_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("incident_id", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# What an incident is known again by; opaque here. Read for the few that a post may join, unless
# what has this digest was read lately: the digest stands first, for the text may fill a page.
incident_likeness = Table(
    "incident_likeness",
    metadata,
    Column("incident_id", Id, ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", Text, nullable=False),
    Column("written", Text, nullable=False),
)

# What is to be done with an incident later. A row is one going off: it is gone then, and its id,
# which no other gets, is the cause of what comes of it.
timers = Table(
    "timers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("kind", Text, nullable=False),  # domain.incidents.events.TimerKind
    Column("due_at", UtcTime, nullable=False),
    Column("data", Json, nullable=False),
    UniqueConstraint("incident_id", "kind"),
    Index(None, "kind", "due_at"),
    sqlite_autoincrement=True,
)

# Append-only: triggers refuse UPDATE and DELETE (migrations/versions/0001_*.py).
incident_events = Table(
    "incident_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("data", Json, nullable=False),
    UniqueConstraint("incident_id", "cause"),
    UniqueConstraint("incident_id", "seq"),
    sqlite_autoincrement=True,
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("event_id", BigInteger, ForeignKey("incident_events.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("report_no", Integer, nullable=False),
    Column("severity", Text, nullable=False),
    Column("severity_rank", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
    # People were not to hear of it: what they know is measured by the others.
    Column("machines_only", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("incident_id", "event_id"),
    Index(None, "at"),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("alert_id", BigInteger, ForeignKey("alerts.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("resend", Boolean, nullable=False),  # an attempt before this may have been accepted
    Column("next_at", UtcTime, nullable=False),
    Column("lease_until", UtcTime),
    Column("lease_owner", Text),
    Column("delivered_at", UtcTime),
    Column("last_code", Text),
    Column("last_text", Text),
    # Attempts up to this one count no more: a person let it begin anew.
    Column("counted_from", Integer, nullable=False, server_default="0"),
    UniqueConstraint("alert_id", "channel", "recipient"),
    Column("withdrawn_for", Integer),  # the number of the report that made it needless
    CheckConstraint(
        "state IN ('new', 'sending', 'retry', 'delivered', 'dead', 'withdrawn')", name="state"
    ),
    Index(None, "state", "next_at"),
    Index(None, "channel", "state"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("delivery_id", Text, ForeignKey("deliveries.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("outcome", Text),
    Column("code", Text),
    Column("text", Text),
    UniqueConstraint("delivery_id", "n"),
    Index(None, "started_at"),
)

channel_states = Table(
    "channel_states",
    metadata,
    Column("name", Text, primary_key=True),
    Column("blocked_until", UtcTime),  # what its receiver asked for, capped
    Column("problem", Text),
    Column("down_since", UtcTime),  # null: it works
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("probe_at", UtcTime),  # while it is down: when one delivery tries it again
    Column("succeeded_at", UtcTime),
)

# What raised and was put aside so that the rest could go on: a post, an entry, a timer.
set_aside = Table(
    "set_aside",
    metadata,
    Column("id", Id, primary_key=True),
    Column("lane", Text, nullable=False),  # assess, group, poll, rescore, timer
    Column("ref", Text, nullable=False),  # what it is known by in its lane
    Column("name", Text, nullable=False),  # how a person finds it
    Column("problem", Text, nullable=False),
    Column("program", Text, nullable=False),  # which version failed; a later one tries again
    Column("tries", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("lane", "ref"),
    sqlite_autoincrement=True,
)

# What is wrong with the system itself and whether the operator was told.
troubles = Table(
    "troubles",
    metadata,
    Column("key", Text, primary_key=True),
    Column("what", Text, nullable=False),
    Column("todo", Text, nullable=False),
    Column("alarm", Boolean, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("told_at", UtcTime),
    Column("ended_at", UtcTime),
)

settings = Table(
    "settings",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# What PostgreSQL searches in: folded title and text of every post's current version.
# SQLite has the FTS5 table `search_index` instead (search_index.py).
search_texts = Table(
    "search_texts",
    metadata,
    Column("post_id", BigInteger, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    info={"only_on": "postgresql"},
)
