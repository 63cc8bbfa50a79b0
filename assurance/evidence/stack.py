"""All that the evidence says of one stack, worked out once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from assurance.access.matrix import Matrix, matrix
from assurance.check.findings import Report
from assurance.coverage import Row as LogRow
from assurance.coverage import matrix as log_matrix
from assurance.evidence.assets import Asset, assets
from assurance.evidence.controls import Claim, ControlRow, ControlStatus, claims_of, control_rows
from assurance.evidence.dependence import Opening, SinglePoint, openings, single_points
from assurance.evidence.flows import DataMap, data_map
from assurance.evidence.questions import Proposal, standing
from assurance.record import Record
from policies.exceptions import Register
from policies.rules.floor import is_test_data


@dataclass(frozen=True, kw_only=True)
class StackEvidence:
    """One stack. record: the one that was judged; today: the day on which."""

    record: Record
    report: Report
    register: Register
    today: date
    matrix: Matrix
    assets: list[Asset]
    data_map: DataMap
    single_points: list[SinglePoint]
    openings: list[Opening]
    logs: list[LogRow]
    claims: Mapping[str, Claim]
    controls: list[ControlRow]
    proposals: list[tuple[Proposal, ControlStatus]]

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.record.stack

    @property
    def phi(self) -> bool:
        """Whether patients' data may be in it."""
        return not is_test_data(self.record.view)


def gather(record: Record, report: Report, register: Register, today: date) -> StackEvidence:
    """Work out everything that `report`, the audit of `record`, does not say yet."""
    rights = matrix(record)
    found = data_map(record, rights)
    # What people must attest is asked of this platform, never of another project's program.
    required = record.own and not is_test_data(record.view)
    claims = claims_of(register.attestations, record.stack, today, phi=required)
    return StackEvidence(
        record=record,
        report=report,
        register=register,
        today=today,
        matrix=rights,
        assets=assets(record),
        data_map=found,
        single_points=single_points(record, found),
        openings=openings(record, rights),
        logs=log_matrix(record),
        claims=claims,
        controls=control_rows(report.findings, claims),
        proposals=standing(report.findings, claims),
    )
