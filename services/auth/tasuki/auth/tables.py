"""Tables of the authorization server.

No password, one-time-code secret, code, refresh token or user name stands here in the clear:
columns ending in `_mac` are keyed hashes, columns ending in `_sealed` are sealed.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from tasuki.auth.log.leaves import add_log_tables

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_INSTANT = DateTime(timezone=True)

ACCOUNT = Table(
    "account",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("username_mac", LargeBinary, nullable=False, unique=True),
    Column("username_sealed", LargeBinary, nullable=False),
    Column("display_sealed", LargeBinary),
    Column("password_hash", Text, nullable=False),  # Argon2id in PHC form
    Column("totp_sealed", LargeBinary, nullable=False),
    Column("totp_step", BigInteger),  # last time step spent; a code at or before it is a replay
    Column("role", Text, nullable=False),
    Column("practitioner", Text),
    Column("organization", Text, index=True),
    Column("region", Text),
    Column("failures", Integer, nullable=False),
    Column("locked_until", _INSTANT),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", _INSTANT, nullable=False),
    # Whether the account opens and withdraws the accounts of its organisation's staff.
    Column("administers", Boolean, nullable=False, server_default="false"),
    # Until the owner has chosen a password: what they do it with, and until when.
    Column("invitation_mac", LargeBinary),
    Column("invited_until", _INSTANT),
    Column("qualification", Text),
)

PERSON_LINK = Table(
    "person_link",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, ForeignKey("account.id"), nullable=False),
    Column("patient", Text, nullable=False),
    Column("evidence_sealed", LargeBinary, nullable=False),
    Column("bound_at", _INSTANT, nullable=False),
    Column("ended_at", _INSTANT),
    # One person per account and one account per person; ended links stay as history.
    Index(
        "uq_person_link_account", "account", unique=True, postgresql_where=text("ended_at IS NULL")
    ),
    Index(
        "uq_person_link_patient", "patient", unique=True, postgresql_where=text("ended_at IS NULL")
    ),
)

# Codes by which an office lets a resident bind their own account; kept as history.
BINDING_CODE = Table(
    "binding_code",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("patient", Text, nullable=False, index=True),
    Column("issued_by", Text, ForeignKey("account.id"), nullable=False),
    Column("organization", Text, nullable=False),
    Column("code_mac", LargeBinary, nullable=False, unique=True),
    Column("failures", Integer, nullable=False),
    Column("made_at", _INSTANT, nullable=False),
    Column("expires_at", _INSTANT, nullable=False),
    Column("used_at", _INSTANT),
    Column("used_by", Text, ForeignKey("account.id")),
)

CLIENT = Table(
    "client",
    METADATA,
    Column("client_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("jwks", JSONB(none_as_null=True)),
    Column("jwks_uri", Text),
    Column("redirect_uris", ARRAY(Text), nullable=False),
    Column("grant_types", ARRAY(Text), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("audiences", ARRAY(Text), nullable=False),
    Column("answers_at", ARRAY(Text), nullable=False),
    Column("purpose", Text),
    Column("role", Text),
    Column("region", Text),
    Column("organization", Text),
    Column("public", Boolean, nullable=False),
    Column("proves_key", Boolean, nullable=False, server_default="false"),  # always DPoP
    Column("disabled", Boolean, nullable=False),
)

# Who may act for whom, how far and until when; ended ones stay as history.
PROXY = Table(
    "proxy",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("patient", Text, nullable=False, index=True),  # whom they act for
    Column("account", Text, ForeignKey("account.id"), index=True),  # none until it is accepted
    Column("given_by", Text, ForeignKey("account.id"), nullable=False),
    Column("basis", Text, nullable=False),
    Column("organization", Text),  # of who checked papers
    Column("relationship", Text, nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),  # as the person is shown them
    Column("person_sealed", LargeBinary, nullable=False),  # as they are shown the person
    Column("evidence_sealed", LargeBinary),
    Column("classes", ARRAY(Text), nullable=False),
    Column("writes", Boolean, nullable=False),
    Column("wishes", Boolean, nullable=False),  # whether they say the person's wishes by law
    Column("made_at", _INSTANT, nullable=False),
    Column("ends_at", _INSTANT, nullable=False),
    # From papers: until when a second person may confirm it, and then who did and when. Neither is set
    # in what one person recorded before two were asked: that stands as it is.
    Column("waits_until", _INSTANT),
    Column("confirmed_by", Text, ForeignKey("account.id")),
    Column("confirmed_at", _INSTANT),
    # Until it is accepted: with which code, and until when.
    Column("code_mac", LargeBinary, unique=True),
    Column("offered_until", _INSTANT),
    Column("accepted_at", _INSTANT),
    Column("ended_at", _INSTANT),
    Column("ended_by", Text, ForeignKey("account.id")),
    CheckConstraint("confirmed_by <> given_by", name="ck_proxy_two_persons"),
    CheckConstraint("waits_until IS NULL OR code_mac IS NULL", name="ck_proxy_waits_without_code"),
)

# Codes typed by an account that were no offer's: few are enough to type one's own wrong.
PROXY_GUESS = Table(
    "proxy_guess",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, ForeignKey("account.id"), nullable=False),
    Column("expires_at", _INSTANT, nullable=False, index=True),
    Index("ix_proxy_guess_account", "account"),
)

# All tokens that came from one sign-in; revoking it revokes them.
TOKEN_FAMILY = Table(
    "token_family",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, ForeignKey("account.id"), nullable=False),
    Column("client_id", Text, ForeignKey("client.client_id"), nullable=False),
    Column("scope", Text, nullable=False),
    Column("audiences", ARRAY(Text), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("patient", Text),
    Column("nonce", Text),
    Column("amr", ARRAY(Text), nullable=False, server_default="{pwd,otp,mfa}"),
    Column("encounter", Text),  # with `intent` and `banner`: of a launch
    Column("intent", Text),
    Column("banner", Boolean),
    Column("voucher", Text, ForeignKey("account.id")),  # who vouched, where somebody did
    Column("proxy", Text, ForeignKey("proxy.id")),  # by which grant somebody acts for another
    Column("jkt", Text),  # the key a public client's refresh tokens, or the code, are bound to
    Column("signed_in_at", _INSTANT, nullable=False),
    Column("expires_at", _INSTANT, nullable=False, index=True),
    Column("revoked_at", _INSTANT),
    # For the list of what was taken back, which every service asks for twice a second.
    Index(
        "ix_token_family_revoked_at", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")
    ),
    Index("ix_token_family_account", "account"),
    Index("ix_token_family_proxy", "proxy"),
)

AUTHORIZATION_CODE = Table(
    "authorization_code",
    METADATA,
    Column("code_mac", LargeBinary, primary_key=True),
    Column(
        "family",
        Text,
        ForeignKey("token_family.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("client_id", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("code_challenge", Text, nullable=False),
    Column("expires_at", _INSTANT, nullable=False),
    Column("redeemed_at", _INSTANT),
)

REFRESH_TOKEN = Table(
    "refresh_token",
    METADATA,
    Column("token_mac", LargeBinary, primary_key=True),
    Column(
        "family",
        Text,
        ForeignKey("token_family.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("client_id", Text, nullable=False),
    Column("issued_at", _INSTANT, nullable=False),
    Column("used_at", _INSTANT),
)

# A patient chosen in one app, on its way to another; used once.
LAUNCH = Table(
    "launch",
    METADATA,
    Column("launch_mac", LargeBinary, primary_key=True),
    Column("account", Text, ForeignKey("account.id"), nullable=False),
    Column("client_id", Text, ForeignKey("client.client_id"), nullable=False),
    Column("patient", Text, nullable=False),
    Column("encounter", Text),
    Column("intent", Text),
    Column("banner", Boolean, nullable=False),
    Column("expires_at", _INSTANT, nullable=False, index=True),
    Column("used_at", _INSTANT),
)

# Identifiers of client assertions already seen (single use), until they expire by themselves.
USED_ASSERTION = Table(
    "used_assertion",
    METADATA,
    Column("client_id", Text, primary_key=True),
    Column("jti", Text, primary_key=True),
    Column("expires_at", _INSTANT, nullable=False, index=True),
)

# Proofs of possession shown at the token endpoint (single use), until they are too old.
USED_PROOF = Table(
    "used_proof",
    METADATA,
    Column("jkt", Text, primary_key=True),
    Column("jti_mac", LargeBinary, primary_key=True),
    Column("expires_at", _INSTANT, nullable=False, index=True),
)

REVOKED_TOKEN = Table(
    "revoked_token",
    METADATA,
    Column("jti", Text, primary_key=True),
    Column("expires_at", _INSTANT, nullable=False, index=True),
)

# Codes by which a colleague vouches; kept as history.
VOUCHER = Table(
    "voucher",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, ForeignKey("account.id"), nullable=False, index=True),
    Column("voucher", Text, ForeignKey("account.id"), nullable=False),
    Column("code_mac", LargeBinary, nullable=False),
    Column("reason_sealed", LargeBinary, nullable=False),
    Column("made_at", _INSTANT, nullable=False),
    Column("expires_at", _INSTANT, nullable=False),
    Column("used_at", _INSTANT),
)

PASSKEY = Table(
    "passkey",
    METADATA,
    Column("credential", LargeBinary, primary_key=True),
    Column("account", Text, ForeignKey("account.id"), nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("label_sealed", LargeBinary, nullable=False),
    Column("created_at", _INSTANT, nullable=False),
    Column("used_at", _INSTANT),
)

# Challenges already answered (single use), until they expire by themselves.
USED_CHALLENGE = Table(
    "used_challenge",
    METADATA,
    Column("challenge", LargeBinary, primary_key=True),
    Column("expires_at", _INSTANT, nullable=False, index=True),
)

# Somebody on the pages about their own account; apps have token families instead.
ACCOUNT_SESSION = Table(
    "account_session",
    METADATA,
    Column("secret_mac", LargeBinary, primary_key=True),
    Column("account", Text, ForeignKey("account.id"), nullable=False, index=True),
    Column("method", Text, nullable=False),
    Column("expires_at", _INSTANT, nullable=False, index=True),
)

add_log_tables(METADATA)
