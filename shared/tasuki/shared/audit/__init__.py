"""The audit leaf, the Merkle log that seals it, and its proofs.

record = AuditRecord(...)                      what happened (`events`)
body = LeafBody.of(to_audit_event(record))     salt + canonical event (`leaf`)
tree.append(body.commitment)                   RFC 9162 tree (`merkle`)
note = sign_checkpoint(...)                    a signed head anyone can check (`checkpoint`)
verify_log(leaves, checkpoints)                the first bad record, and how it is bad (`verify`)
"""

from __future__ import annotations

from tasuki.shared.audit.checkpoint import (
    BadCheckpoint,
    Checkpoint,
    cosign_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
    verify_cosignature,
)
from tasuki.shared.audit.events import AuditRecord, Outcome, sequence_of, to_audit_event
from tasuki.shared.audit.leaf import LeafBody, canonical, commitment
from tasuki.shared.audit.merkle import (
    Frontier,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from tasuki.shared.audit.shapes import Action
from tasuki.shared.audit.verify import Damage, StoredLeaf, Verdict, verify_log

__all__ = [
    "Action",
    "AuditRecord",
    "BadCheckpoint",
    "Checkpoint",
    "Damage",
    "Frontier",
    "LeafBody",
    "Outcome",
    "StoredLeaf",
    "Tree",
    "Verdict",
    "canonical",
    "commitment",
    "consistency_proof",
    "cosign_checkpoint",
    "inclusion_proof",
    "leaf_hash",
    "root",
    "sequence_of",
    "sign_checkpoint",
    "to_audit_event",
    "verify_checkpoint",
    "verify_consistency",
    "verify_cosignature",
    "verify_inclusion",
    "verify_log",
]
