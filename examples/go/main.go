// Forced TLS with Fabrikam, with the SDK that `pulumi package add ../../providers/plugin` makes.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/regulated-partners/pulumi-exchange-online/sdk/go/exchangeonline"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		fabrikam, err := exchangeonline.NewRegulatedPartner(ctx, "Fabrikam", &exchangeonline.RegulatedPartnerArgs{
			Domains:         []string{"fabrikam.com", "*.fabrikam.com"},
			CertificateName: pulumi.StringRef("mail.fabrikam.com"),
			Comment:         pulumi.StringRef("SEC-1234, owner messaging team"),
		})
		if err != nil {
			return err
		}
		ctx.Export("inboundConnector", fabrikam.Inbound.Guid())
		ctx.Export("outboundConnector", fabrikam.Outbound.Guid())
		return nil
	})
}
