// Generates the SDK of a package for one language: what Pulumi's language hosts do, by the libraries that they do it with.
//
//	pulumi-generate LANGUAGE OUT < request.json
//
// The request holds `schema`, the package's schema, and may hold `extraFiles` (path to base64), `localDependencies`, and
// `loader`, the address of the engine's loader of further schemas.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "pulumi-generate"

type request struct {
	Schema            schema.PackageSpec `json:"schema"`
	ExtraFiles        map[string][]byte  `json:"extraFiles"`
	LocalDependencies map[string]string  `json:"localDependencies"`
	Local             bool               `json:"local"`
	Loader            string             `json:"loader"`
}

// none stands in where no engine is asked: a package that refers to no other loads nothing.
type none struct{ schema.ReferenceLoader }

func loaderAt(address string) (schema.ReferenceLoader, error) {
	if address == "" {
		return schema.NewCachedLoader(none{}), nil
	}
	client, err := schema.NewLoaderClient(address)
	if err != nil {
		return nil, err
	}
	return schema.NewCachedLoader(client), nil
}

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: %s LANGUAGE OUT < request.json", tool))
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func run(language, out string) error {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return fmt.Errorf("the request is no JSON of a schema: %w", err)
	}
	loader, err := loaderAt(asked.Loader)
	if err != nil {
		return err
	}
	pkg, diagnostics, err := schema.BindSpec(asked.Schema, loader, schema.ValidationOptions{AllowDanglingReferences: true})
	if err != nil {
		return err
	}
	if diagnostics.HasErrors() {
		return diagnostics
	}
	files, err := generated(language, pkg, asked, loader)
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func generated(
	language string, pkg *schema.Package, asked request, loader schema.ReferenceLoader,
) (map[string][]byte, error) {
	switch language {
	case "python":
		return python.GeneratePackage(tool, pkg, asked.ExtraFiles, loader)
	case "nodejs":
		return nodejs.GeneratePackage(tool, pkg, asked.ExtraFiles, asked.LocalDependencies, asked.Local, loader)
	case "go":
		return golang.GeneratePackage(tool, pkg, asked.LocalDependencies)
	default:
		return nil, fmt.Errorf("%s generates python, nodejs and go, and no %s", tool, language)
	}
}
