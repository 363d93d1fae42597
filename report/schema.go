package report

import _ "embed"

//go:embed schema.json
var schema []byte

// Schema is the JSON Schema (2020-12) of the report.
func Schema() []byte { return schema }
