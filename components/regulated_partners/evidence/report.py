"""What a report says: facts with where each comes from. `--json` writes it, `--compare` reads it, a page shows it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from regulated_partners.run_record import FORMAT, TOOL

#: What `command` says in the JSON of a report.
COMMAND = "report"


class Standing(StrEnum):
    """How it stands with a claim, the worst last."""

    PROVEN = "proven"
    """The inputs show it."""
    ATTENTION = "proven, with a warning"
    """They show it, and something will break it, or weakens the proof."""
    NOT_PROVEN = "not proven"
    """Nothing that was given shows it."""
    CONTRADICTED = "contradicted"
    """Something that was given shows the opposite."""

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return _RANKS[self]


_RANKS = {standing: rank for rank, standing in enumerate(Standing)}


def worst_of(standings: Iterable[Standing]) -> Standing:
    """The worst of several; of none `NOT_PROVEN`."""
    return max(standings, key=lambda standing: standing.rank, default=Standing.NOT_PROVEN)


class ClaimId(StrEnum):
    """What has to be true so that mail of a direction travels over TLS only. The names stay.

    Attributes:
        meaning: what is claimed, a sentence without a full stop.
    """

    meaning: str

    def __new__(cls, name: str, meaning: str) -> ClaimId:
        claim = str.__new__(cls, name)
        claim._value_ = name
        claim.meaning = meaning
        return claim

    DEMANDED = "demanded", "The declaration demands TLS"
    DEPLOYED = "deployed", "The tenant has the connector as declared"
    ONLY_WAY = "only-way", "This mail has no other way in the tenant"
    SERVERS = "servers", "The partner's receiving servers do what is demanded"
    CERTIFICATE = "certificate", "The certificate that the partner handed over fits"
    MAIL = "mail", "Mail was seen to cross over TLS"


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Origin(_Model):
    """Where something comes from.

    Attributes:
        input: the number of the input.
        made: when what it shows was so, UTC: for a message its own date, for a month its last day.
    """

    input: int
    made: AwareDatetime


class Claim(_Model):
    """One claim about one direction of a partner's mail, and how it stands.

    Attributes:
        text: what was found, a sentence.
        reasons: further sentences.
        prove: the command that would prove it; empty where nothing more is needed.
        rests_on: what the standing rests on.
    """

    id: ClaimId
    direction: str
    standing: Standing
    text: str
    reasons: tuple[str, ...] = ()
    prove: str = ""
    rests_on: tuple[Origin, ...] = ()


class Expiry(_Model):
    """A day on which something ends."""

    day: datetime.date
    what: str


class Connector(_Model):
    """One connector as declared and, where an inventory was given, as the tenant has it.

    Attributes:
        declared: what it does to mail, one sentence.
        found: the same of the tenant's; empty where that was not looked at, or is not there.
        guid, changed: of the tenant's; empty where not known. `changed` is as the service writes it.
        managed_by: the stack that has it in its state.
        drift: what somebody changed outside of the stack, as `drift` found it.
    """

    direction: str
    name: str
    declared: str
    found: str = ""
    guid: str = ""
    changed: str = ""
    managed_by: str = ""
    drift: tuple[str, ...] = ()
    input: int | None = None


class Seen(_Model):
    """One thing that was looked at: a server, a domain, a message, a month, a certificate.

    Attributes:
        kind: as `verify` calls it.
        verdict: its word.
        facts: the most telling ones, `name: value`.
        says: its findings.
        counts: whether the claims rest on it; where not, `says` begins with the reason.
    """

    direction: str
    kind: str
    subject: str
    verdict: str
    facts: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    counts: bool = True
    origin: Origin


class Certificate(_Model):
    """A certificate that was seen or handed over."""

    direction: str
    place: str
    names: str
    issuer: str
    not_after: AwareDatetime
    sha256: str = ""
    input: int


class Traffic(_Model):
    """What one kind of report counts for one direction.

    Attributes:
        basis: what its columns rest on: documented, or assumed.
        ways: by TLS version, the messages.
    """

    direction: str
    report: str
    basis: str
    unit: str
    period: str
    count: int
    ways: tuple[tuple[str, int], ...]
    without_tls: int
    outside: int
    not_delivered: int
    input: int


class OtherWay(_Model):
    """Another way that the partner's mail can take in the tenant."""

    direction: str
    alarm: bool
    text: str
    input: int


class Consent(_Model):
    """A waiver or an acknowledgement.

    Attributes:
        kind: `waiver` or `acknowledgement`.
        policy: the waived policy's id.
        given_by: the author of the commit that wrote it, and when; or why nobody can say.
    """

    kind: str
    policy: str = ""
    reason: str
    expires: datetime.date
    in_force: bool
    given_by: str


class Policies(_Model):
    """How the declaration stands with the policy pack, with the pack's defaults.

    Attributes:
        kept: how many policies hold.
        violated: sentences, each beginning with the policy's id.
        waived: ids of those that are violated and waived.
    """

    kept: int = 0
    violated: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()


class Planned(_Model):
    """What a reviewed plan would do to one connector.

    Attributes:
        before, after: what it does to mail; empty where there is no connector.
        effects: `class: reason`.
        settings: `parameter: before => after`.
    """

    direction: str
    operation: str
    before: str
    after: str
    effects: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    input: int


class Gateway(_Model):
    """A machine between the two organizations, for the picture."""

    direction: str
    name: str


class PartnerReport(_Model):
    """One partner.

    Attributes:
        standing: the worst of its claims.
        oldest: the date of the oldest proof that this rests on.
        expiry: what ends next: a certificate, a waiver, an acknowledgement.
        servers: the mail servers that were seen, for the picture.
        demands: short words about what each direction demands, for the picture.
        notes: sentences about inputs that do not count, and the like.
    """

    stack: str
    name: str
    domains: tuple[str, ...]
    comment: str = ""
    standing: Standing
    claims: tuple[Claim, ...]
    oldest: datetime.date | None = None
    expiry: Expiry | None = None
    connectors: tuple[Connector, ...] = ()
    demands: dict[str, tuple[str, ...]] = {}
    gateways: tuple[Gateway, ...] = ()
    servers: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    ways: tuple[OtherWay, ...] = ()
    policies: Policies = Policies()
    exceptions: tuple[Consent, ...] = ()
    planned: tuple[Planned, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, direction: str) -> tuple[Claim, ...]:
        """Its claims about one direction."""
        return tuple(claim for claim in self.claims if claim.direction == direction)

    def worst(self, direction: str) -> Standing:
        """How it stands with one direction."""
        return worst_of(claim.standing for claim in self.of(direction))


class Applied(_Model):
    """One update in the engine's history.

    Attributes:
        number: 0 where the state is kept in files.
        commit: with ` and changes that were not committed` where there were some; empty where the engine had no git.
        plan: the SHA-256 of the plan that was applied; or words.
        review: the number of the input that reviewed this plan; None where none was given.
    """

    number: int
    kind: str
    result: str
    started: AwareDatetime
    commit: str
    author: str
    plan: str
    review: int | None = None
    input: int


class StackReport(_Model):
    """What holds for a whole stack.

    Attributes:
        commit: the last one that changed its declaration, with author and day; or why there is none.
        problem: why nothing can be said about its partners; empty where something can.
    """

    name: str
    project: str
    cloud: str = ""
    tenant: str = ""
    file: str = ""
    commit: str = ""
    partners: int = 0
    beside: int = 0
    applied: tuple[Applied, ...] = ()
    exceptions: tuple[tuple[str, Consent], ...] = ()
    remarks: tuple[str, ...] = ()
    problem: str = ""


class Input(_Model):
    """One file that was given, or made for this report.

    Attributes:
        command: that wrote it; empty where that is not known.
        sha256: of its bytes; empty where it could not be read.
        problem: why it counts for nothing; empty where it counts.
        remark: what else is to be said.
    """

    number: int
    name: str
    command: str = ""
    stack: str = ""
    who: str = ""
    version: str = ""
    made: AwareDatetime | None = None
    sha256: str = ""
    size: int = 0
    problem: str = ""
    remark: str = ""
    #: Whether the operator meant it to count: what merely lies in the folder need not.
    meant: bool = True


class Change(_Model):
    """What is different from an earlier report."""

    partner: str
    stack: str
    text: str
    worse: bool = False


class Compared(_Model):
    """The comparison with an earlier report.

    Attributes:
        name, sha256: of its file.
    """

    name: str
    sha256: str
    made: AwareDatetime
    version: str
    changes: tuple[Change, ...]


class Report(_Model):
    """The whole."""

    format: int = FORMAT
    tool: str = TOOL
    version: str
    command: str = COMMAND
    who: str
    started: AwareDatetime
    commit: str = ""
    stacks: tuple[StackReport, ...]
    partners: tuple[PartnerReport, ...]
    inputs: tuple[Input, ...]
    remarks: tuple[str, ...] = ()
    compared: Compared | None = None

    @property
    def standing(self) -> Standing:
        """The worst of the partners'."""
        return worst_of(partner.standing for partner in self.partners)

    def count(self, standing: Standing) -> int:
        return sum(partner.standing is standing for partner in self.partners)
