"""`verify traffic`: how a period's mail with each partner crossed, by Exchange Online's reports and TLS reports."""

from regulated_partners.verify.traffic.counts import Line, Report, Tls, Traffic
from regulated_partners.verify.traffic.files import read_report
from regulated_partners.verify.traffic.judging import judge_traffic
from regulated_partners.verify.traffic.outputs import traffic_csv, traffic_json, traffic_prometheus, traffic_text

__all__ = [
    "Line",
    "Report",
    "Tls",
    "Traffic",
    "judge_traffic",
    "read_report",
    "traffic_csv",
    "traffic_json",
    "traffic_prometheus",
    "traffic_text",
]
