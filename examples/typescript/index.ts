// Forced TLS with Fabrikam, with the SDK that `pulumi package add ../../providers/plugin` makes.
import * as exchangeOnline from "@regulated-partners/exchange-online";

const fabrikam = new exchangeOnline.RegulatedPartner("Fabrikam", {
    domains: ["fabrikam.com", "*.fabrikam.com"],
    certificateName: "mail.fabrikam.com",
    comment: "SEC-1234, owner messaging team",
});

export const inboundConnector = fabrikam.inbound.apply(connector => connector.guid);
export const outboundConnector = fabrikam.outbound.apply(connector => connector.guid);
