"""Raw answers as they were fetched: compressed, addressed by their content, each stored once."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable

from sqlalchemy import Connection, select

from db.statements import in_parts, insert_or
from db.tables import evidence
from domain.posts import Evidence


def keep(conn: Connection, proofs: Iterable[Evidence]) -> dict[int, str]:
    """Store what is not stored yet; `id()` of each proof → SHA-256 of its body.

    By `id()`: the posts of one page share one proof, whose body is hashed once.
    """
    shas: dict[int, str] = {}
    by_sha: dict[str, Evidence] = {}
    for proof in proofs:
        if id(proof) not in shas:
            sha = hashlib.sha256(proof.body).hexdigest()
            shas[id(proof)] = sha
            by_sha[sha] = proof
    missing = set(by_sha)
    for part in in_parts(by_sha):
        stored = conn.execute(select(evidence.c.sha256).where(evidence.c.sha256.in_(part)))
        missing.difference_update(stored.scalars())
    if missing:
        conn.execute(
            insert_or(conn, evidence).on_conflict_do_nothing(index_elements=["sha256"]),
            [
                {
                    "sha256": sha,
                    "body": zlib.compress(by_sha[sha].body),
                    "size": len(by_sha[sha].body),
                    "content_type": by_sha[sha].content_type,
                }
                for sha in sorted(missing)
            ],
        )
    return shas
