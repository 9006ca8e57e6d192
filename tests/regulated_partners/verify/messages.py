"""Messages as they lie in mailboxes: hops in the forms of real servers, with invented names."""

from __future__ import annotations

import io

from regulated_partners.probing.verdicts import Judgement
from regulated_partners.verify.message import MessageCheck, judge_file

STORED = """Received: from BN3NAM04HT205.eop-NAM04.prod.protection.outlook.com
 (2a01:111:e400:c418::34) by SN1PR16MB0494.namprd16.prod.outlook.com with
 HTTPS via SN1PR15CA0024.NAMPRD15.PROD.OUTLOOK.COM; Sat, 21 Apr 2026 03:01:33
 +0000
"""
INTERNAL = """Received: from CH1PEPF0000AD81.namprd04.prod.outlook.com
 (2603:10b6:610:10e:cafe::37) by CH0PR03CA0441.outlook.office365.com
 (2603:10b6:610:10e::34) with Microsoft SMTP Server (version=TLS1_3,
 cipher=TLS_AES_256_GCM_SHA384) id 15.20.9160.16 via Frontend Transport; Mon,
 29 Sep 2026 13:41:06 +0000
"""
BORDER_TLS = """Received: from mail.fabrikam.com (192.0.2.25) by
 CO1NAM03FT028.mail.protection.outlook.com (10.152.80.189) with Microsoft SMTP
 Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id
 15.20.696.11 via Frontend Transport; Sun, 22 Apr 2026 02:54:17 +0000
"""
#: What Exchange Online writes above the line of its border: the address may send for the envelope's domain.
AUTHENTICATED = """Authentication-Results: spf=pass (sender IP is 192.0.2.25)
 smtp.mailfrom=fabrikam.com; dkim=pass (signature was verified)
 header.d=fabrikam.com;dmarc=pass action=none
 header.from=fabrikam.com;compauth=pass reason=100
Received-SPF: Pass (protection.outlook.com: domain of fabrikam.com designates
 192.0.2.25 as permitted sender) receiver=protection.outlook.com;
 client-ip=192.0.2.25; helo=mail.fabrikam.com; pr=C
"""
BORDER_CLEAR = """Received: from mail.fabrikam.com (192.0.2.25) by
 CO1NAM03FT028.mail.protection.outlook.com (10.152.80.189) with Microsoft SMTP
 Server id 15.20.696.11 via Frontend Transport; Sun, 22 Apr 2026 02:54:17 +0000
"""
BORDER_OLD = BORDER_TLS.replace("TLS1_2", "TLS1_0").replace("GCM_SHA384", "CBC_SHA")
BELOW = """Received: from app.fabrikam.com (app.fabrikam.com [10.0.0.4])
\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))
\t(No client certificate requested)
\tby mail.fabrikam.com (Postfix) with ESMTPS id 7; Sun, 22 Apr 2026 02:54:10 +0000
"""
GATEWAY_TO_EXCHANGE = """Received: from mx0a-0001.pphosted.com (192.0.2.77) by
 CO1NAM03FT028.mail.protection.outlook.com (10.152.80.189) with Microsoft SMTP
 Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id
 15.20.696.11 via Frontend Transport; Sun, 22 Apr 2026 02:54:17 +0000
"""
PARTNER_TO_GATEWAY = """Received: from mail.fabrikam.com (mail.fabrikam.com [192.0.2.25])
\tby mx0a-0001.pphosted.com (PPS) with ESMTPS id 3tebjbyyd5-1
\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=FAIL);
\tSun, 22 Apr 2026 02:54:11 +0000
"""
OUTBOUND_TLS = """Received: from EUR04-HE1-obe.outbound.protection.outlook.com
 (mail-he1eur04olkn0804.outbound.protection.outlook.com [IPv6:2001:db8::804])
 (using TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits))
 (Client CN "mail.protection.outlook.com", Issuer "DigiCert Cloud Services CA-1" (verified OK))
 by mail.fabrikam.com (Postfix) with ESMTPS id 4BlXcl5FF6z4JJ6
 for <test@fabrikam.com>; Mon, 7 Sep 2026 15:43:35 +0000 (UTC)
"""
OUTBOUND_SILENT = """Received: from nam12-dm6-obe.outbound.protection.outlook.com
 (mail-dm6nam12lp2168.outbound.protection.outlook.com [192.0.2.168])
 by mx0a-0014ca01.pphosted.com with ESMTP id 3u7w248yqt-1; Thu, 09 Nov 2026 06:48:10 -0800
"""
SUBMITTED = """Received: from AM0PR09MB3876.eurprd09.prod.outlook.com
 ([fe80::1]) by AM0PR09MB3876.eurprd09.prod.outlook.com ([fe80::1%4]) with
 mapi id 15.20.3412.21; Fri, 25 Sep 2026 17:19:07 +0000
"""
REST = "From: a@fabrikam.com\nTo: b@contoso.com\nSubject: test\nMessage-ID: <1@fabrikam.com>\n"
BODY = "\nThe body.\n"


def message(*hops: str, more: str = "") -> str:
    """A message with these hops, the newest first."""
    return "".join(hops) + REST + more + BODY


def judged(content: str | bytes, check: MessageCheck | None = None, name: str = "test.eml") -> tuple[Judgement, ...]:
    """What a file with this content comes to."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    return judge_file(io.BytesIO(data), name, check or MessageCheck())


def fact(judgement: Judgement, name: str) -> str:
    """One fact of a judgement."""
    return next(each.value for each in judgement.facts if each.name == name)


def checks(judgement: Judgement) -> dict[str, str]:
    """The findings: check and level."""
    return {finding.check: finding.level.value for finding in judgement.findings}
