package report

import (
	"io"
	"net/url"
	"strings"

	"github.com/pullwhy/pullwhy/registry"
)

// WriteSARIF writes mistakes in the format that code hosts annotate lines by.
// (SARIF 2.1.0, OASIS Standard)
func WriteSARIF(w io.Writer, issues []registry.Issue, version string) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "pullwhy", Version: version, Rules: []sarifRule{}}
	index := map[string]int{}
	for _, i := range issues {
		if _, known := index[i.Code]; !known {
			index[i.Code] = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, newSARIFRule(i))
		}
		run.Results = append(run.Results, newSARIFResult(i, index[i.Code]))
	}
	return WriteJSON(w, sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0", Runs: []sarifRun{run},
	})
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Rules   []sarifRule `json:"rules"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifRule struct {
	ID               string    `json:"id"`
	ShortDescription sarifText `json:"shortDescription"`
	FullDescription  sarifText `json:"fullDescription"`
	Help             sarifText `json:"help"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact struct {
		URI string `json:"uri"`
	} `json:"artifactLocation"`
	Region *sarifRegion `json:"region,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
}

func newSARIFRule(i registry.Issue) sarifRule {
	rule, _ := registry.RuleOf(i.Code)
	return sarifRule{i.Code, sarifText{rule.Title}, sarifText{rule.Meaning}, sarifText{rule.Fix}}
}

func newSARIFResult(i registry.Issue, rule int) sarifResult {
	levels := map[string]string{registry.SeverityError: "error", registry.SeverityWarning: "warning", registry.SeverityInfo: "note"}
	message := i.Detail
	if i.Fix != "" {
		message += ". Fix: " + i.Fix
	}
	var at sarifPhysical
	at.Artifact.URI = (&url.URL{Path: strings.TrimPrefix(i.File, "/")}).String()
	if i.Line > 0 {
		at.Region = &sarifRegion{i.Line, max(1, i.Column)}
	}
	return sarifResult{i.Code, rule, levels[i.Severity], sarifText{message}, []sarifLocation{{at}}}
}
