package probe

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"net/http"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// maxMessage is how much of a server's own text is told at a time, in runes.
const maxMessage = 300

func statusLine(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

// unexpected tells of an answer's status; the step tells what was asked.
func (a *answer) unexpected() string { return "unexpected status " + statusLine(a.status) }

// message is what the body of a refusal says, as ": text", or "". A body that was cut
// tells nothing: a secret in it may be cut too.
func (s *site) message(a *answer) string {
	if a.bodyErr != nil {
		return ""
	}
	text := cmp.Or(registryError(a.body), storageError(a.body))
	switch {
	case text != "":
	case a.html():
		return ": a web page" + s.title(a)
	case a.markup():
	case a.media() == "", strings.HasPrefix(a.media(), "text/"):
		text, _, _ = strings.Cut(strings.TrimSpace(string(a.body)), "\n")
	}
	if text = s.secrets.told(text); text == "" {
		return ""
	}
	return ": " + text
}

// registryError reads the error formats of registries (OCI distribution specification,
// "Error Codes") and token services.
func registryError(body []byte) string {
	var parsed struct {
		Errors []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
		Error       any    `json:"error"`
		Description string `json:"error_description"`
		Details     string `json:"details"`
		Message     string `json:"message"`
	}
	if json.Unmarshal(body, &parsed) != nil {
		return ""
	}
	var all []string
	for _, e := range parsed.Errors {
		all = append(all, joined(e.Code, e.Message))
	}
	if word, ok := parsed.Error.(string); ok {
		all = append(all, joined(word, parsed.Description))
	}
	all = append(all, parsed.Details, parsed.Message)
	return joined(all...)
}

// storageError reads the error format of object storage (Amazon S3 API reference, "REST
// error responses"; Azure and Google words theirs alike).
func storageError(body []byte) string {
	var parsed struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}
	if xml.Unmarshal(body, &parsed) != nil {
		return ""
	}
	return joined(parsed.Code, parsed.Message)
}

// joined is the texts that are not empty.
func joined(texts ...string) string {
	var all []string
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			all = append(all, t)
		}
	}
	return strings.Join(all, ": ")
}

var titlePattern = lazyregexp.New(`(?is)<title[^>]*>(.*?)</title>`)

// title is that of a web page, as ` titled "…"`, or "".
func (s *site) title(a *answer) string {
	found := titlePattern().FindSubmatch(a.body)
	if found == nil {
		return ""
	}
	text := s.secrets.told(strings.Join(strings.Fields(html.UnescapeString(string(found[1]))), " "))
	if text == "" {
		return ""
	}
	return fmt.Sprintf(" titled %q", text)
}

// retryAfter tells when a server wants to be asked again.
func (s *site) retryAfter(a *answer) string {
	if value := s.secrets.told(a.header.Get("Retry-After")); value != "" {
		return fmt.Sprintf(" (retry after %s)", value)
	}
	return ""
}

func shorten(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return text
}
