module fabrikam-go

go 1.25

require (
	github.com/pulumi/pulumi/sdk/v3 v3.259.0
	github.com/regulated-partners/pulumi-exchange-online/sdk/go v0.0.0
)

replace github.com/regulated-partners/pulumi-exchange-online/sdk/go => ./sdks/regulated-partners-exchange-online
