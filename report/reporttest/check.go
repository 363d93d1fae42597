// Package reporttest says in tests whether a report is what its JSON Schema promises.
package reporttest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Check returns nil for a report in JSON, else why doc is none: schema (that of pullwhy
// schema) does not hold, or it has a null that is no unknown time and no absent object.
func Check(schema, doc []byte) error {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.json", parsed); err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	compiled, err := c.Compile("report.json")
	if err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return fmt.Errorf("reading the report: %w", err)
	}
	return errors.Join(compiled.Validate(value), nulls("", value))
}

// mayBeNull are the unknown times and absent objects.
var mayBeNull = []string{"first_failure", "last_failure", "last_success", "time", "certificate", "root_cause"}

func nulls(at string, value any) error {
	var wrong []error
	switch v := value.(type) {
	case map[string]any:
		for key, child := range v {
			wrong = append(wrong, nulls(at+"."+key, child))
		}
	case []any:
		for i, child := range v {
			wrong = append(wrong, nulls(fmt.Sprintf("%s[%d]", at, i), child))
		}
	case nil:
		if !slices.Contains(mayBeNull, at[strings.LastIndex(at, ".")+1:]) {
			return fmt.Errorf("%s is null", at)
		}
	}
	return errors.Join(wrong...)
}
