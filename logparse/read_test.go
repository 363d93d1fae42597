package logparse

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// failedAt is one failed pull.
func failedAt(t time.Time, image string) string {
	return fmt.Sprintf(`time=%q level=error msg="PullImage \"%s\" failed" error="%s: not found"`, t.Format(time.RFC3339Nano), image, image) + "\n"
}

var day = time.Date(2026, 11, 23, 8, 0, 0, 1, time.UTC)

func TestFiles(t *testing.T) {
	fsys := fstest.MapFS{}
	for _, name := range []string{
		"containerd.log", "containerd-2026-11-20T10-00-00.000.log.gz", "containerd-2026-11-22T10-00-00.500.log",
		"containerd-2026-11-22T10-00-00.500.log.gz", "containerd-2026-11-21T10-00-00.000.log.gz",
		"containerd-old.log", "containerd-extra-2026-11-21T10-00-00.000.log", "kubelet-2026-11-21T10-00-00.000.log",
	} {
		fsys["var/log/"+name] = &fstest.MapFile{}
	}
	want := []string{
		"var/log/containerd-2026-11-20T10-00-00.000.log.gz", "var/log/containerd-2026-11-21T10-00-00.000.log.gz",
		"var/log/containerd-2026-11-22T10-00-00.500.log", "var/log/containerd.log",
	}
	if diff := cmp.Diff(want, filesOf(t, fsys, "var/log/containerd.log")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, name := range []string{"kubelet.log.1", "kubelet.log.10.gz", "kubelet.log.2.gz", "kubelet.log-20261123.gz", "kubelet.log-20261123", "kubelet.log.swp"} {
		fsys["logrotate/"+name] = &fstest.MapFile{}
	}
	fsys["logrotate/kubelet.log.3"] = &fstest.MapFile{Mode: fs.ModeDir}
	want = []string{
		"logrotate/kubelet.log.10.gz", "logrotate/kubelet.log.2.gz", "logrotate/kubelet.log.1", "logrotate/kubelet.log-20261123", "logrotate/kubelet.log",
	}
	if diff := cmp.Diff(want, filesOf(t, fsys, "logrotate/kubelet.log")); diff != "" {
		t.Errorf("logrotate (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"no/such.log"}, filesOf(t, fsys, "no/such.log")); diff != "" {
		t.Errorf("no such folder (-want +got)\n%s", diff)
	}
	if names, err := Files(unlisted{fsys}, "var/log/containerd.log"); !errors.Is(err, fs.ErrPermission) || !slices.Equal(names, []string{"var/log/containerd.log"}) {
		t.Errorf("a folder that cannot be listed: %q, %v", names, err)
	}
}

func filesOf(t *testing.T, fsys fs.FS, name string) []string {
	t.Helper()
	names, err := Files(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// unlisted is a filesystem of folders that may be passed through only.
type unlisted struct{ fs.FS }

func (unlisted) ReadDir(string) ([]fs.DirEntry, error) { return nil, fs.ErrPermission }

// TestOlder opens what is left out for its age, and does not read it.
func TestOlder(t *testing.T) {
	open := func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(failedAt(day, "registry.example.com/a:1"))), nil
	}
	absent := func() (io.ReadCloser, error) { return nil, fs.ErrNotExist }
	s := Scanner{Since: day}
	results := s.ScanAll([]Log{{"containerd-2026-11-20T10-00-00.000.log", open}, {"containerd-2026-11-20T11-00-00.000.log", absent}})
	if results[0] != (Result{Older: true}) || !errors.Is(results[1].Err, fs.ErrNotExist) || len(s.Pulls()) > 0 {
		t.Errorf("%+v, %d pulls", results, len(s.Pulls()))
	}
}

// TestRotated reads a pull that begins in a compressed file and ends in the live one, and
// leaves files alone that are older than asked for.
func TestRotated(t *testing.T) {
	start := fmt.Sprintf(`time=%q level=info msg="PullImage \"registry.example.com/a:1\""`, day.Format(time.RFC3339Nano)) + "\n" +
		`time="2026-11-23T08:00:01Z" level=info msg="fetch failed after status: 403 Forbidden" host=registry.example.com` + "\n"
	fsys := fstest.MapFS{
		"log/containerd-2026-11-20T10-00-00.000.log":    {Data: []byte(failedAt(day.AddDate(0, 0, -4), "registry.example.com/old:1"))},
		"log/containerd.log-20261118":                   {Data: []byte(failedAt(day.AddDate(0, 0, -6), "registry.example.com/older:1"))},
		"log/containerd-2026-11-23T08-00-02.000.log.gz": {Data: compressed(t, start)},
		"log/containerd.log":                            {Data: []byte(failedAt(day.Add(3*time.Second), "registry.example.com/a:1"))},
	}
	s := Scanner{Since: day.AddDate(0, 0, -1)}
	for _, name := range filesOf(t, fsys, "log/containerd.log") {
		f, err := fsys.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		stats, err := s.Scan(name, f)
		if err != nil {
			t.Fatal(err)
		}
		if old := strings.Contains(name, "11-20") || strings.Contains(name, "20261118"); old != (stats.Lines == 0) {
			t.Errorf("%d lines read of %s", stats.Lines, name)
		}
	}
	pulls := s.Pulls()
	if len(pulls) != 1 || len(pulls[0].Attempts) != 1 || pulls[0].Attempts[0].File != "log/containerd-2026-11-23T08-00-02.000.log.gz" {
		t.Errorf("%+v", pulls)
	}
}

func compressed(t *testing.T, text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t *testing.T, text string) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll([]byte(text), nil)
}

// TestBroken loses nothing around what cannot be read.
func TestBroken(t *testing.T) {
	whole := failedAt(day, "registry.example.com/a:1")
	long := `msg="PullImage ` + strings.Repeat("x", 3<<20) + "\n"
	zipped := compressed(t, strings.Repeat(whole, 20_000))
	for _, test := range []struct {
		name           string
		in             io.Reader
		lines, skipped int
		failures       int
		wantErr        bool
	}{
		{"empty", strings.NewReader(""), 0, 0, 0, false},
		{"no last line end", strings.NewReader("noise\n" + strings.TrimSpace(whole)), 2, 0, 1, false},
		{"CRLF", strings.NewReader(strings.ReplaceAll(whole, "\n", "\r\n")), 1, 0, 1, false},
		{"a long line", strings.NewReader(long + whole), 2, 1, 1, false},
		{"one endless line", io.MultiReader(strings.NewReader(whole), io.LimitReader(zeroes{}, 64<<20)), 2, 1, 1, false},
		{"binary", strings.NewReader("\x7fELF\x00\x01PullImage \"\n" + whole), 2, 1, 1, false},
		{"UTF-16", bytes.NewReader(utf16le(whole)), 1, 0, 1, false},
		{"a hole", strings.NewReader(strings.Repeat("\x00", 5000) + whole), 1, 1, 1, false},
		{"invalid UTF-8", strings.NewReader(strings.Replace(whole, "not found", "\xff\xfe not found", 1)), 1, 0, 1, false},
		{"broken JSON", strings.NewReader(`{"msg":"PullImage \"a\" failed",` + "\n" + whole), 2, 1, 1, false},
		{"reading fails", iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(whole))), 0, 0, 0, true},
		{"no-break spaces", strings.NewReader(strings.ReplaceAll(whole, " ", "\u00a0")), 1, 0, 1, false},
		{"zstd", bytes.NewReader(zstandard(t, whole)), 1, 0, 1, false},
		{"no bzip2 after all", strings.NewReader("BZh9not bzip2"), 0, 0, 0, true},
		{"xz", strings.NewReader("\xfd7zXZ\x00\x00\x04"), 0, 0, 0, true},
		{"zip", strings.NewReader("PK\x03\x04\x14\x00"), 0, 0, 0, true},
		{"journal", strings.NewReader("LPKSHHRH\x01\x00"), 0, 0, 0, true},
		{"no gzip after all", strings.NewReader("\x1f\x8bnot gzip"), 0, 0, 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s Scanner
			stats, err := s.Scan("x.log", test.in)
			if (err != nil) != test.wantErr || stats != (Stats{test.lines, test.skipped}) {
				t.Errorf("%+v, %v", stats, err)
			}
			if got := failures(&s); got != test.failures {
				t.Errorf("%d failures, want %d", got, test.failures)
			}
		})
	}
	t.Run("broken gzip", func(t *testing.T) {
		var s Scanner
		stats, err := s.Scan("x.log.gz", bytes.NewReader(zipped[:len(zipped)/2]))
		if !errors.Is(err, io.ErrUnexpectedEOF) || stats.Lines == 0 || failures(&s) != 1 {
			t.Errorf("%+v, %v, %d failures", stats, err, failures(&s))
		}
	})
}

// utf16le is text as PowerShell writes it to a file.
func utf16le(text string) []byte {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func failures(s *Scanner) int {
	n := 0
	for _, p := range s.Pulls() {
		n += p.Failures
	}
	return n
}

func TestSince(t *testing.T) {
	log := failedAt(day, "registry.example.com/a:1") + failedAt(day.Add(time.Hour), "registry.example.com/a:1") +
		`Failed to pull image "registry.example.com/b:1": registry.example.com/b:1: not found` + "\n"
	for since, want := range map[time.Time]int{{}: 3, day.Add(time.Minute): 2, day.Add(2 * time.Hour): 1} {
		s := Scanner{Since: since}
		if _, err := s.Scan("x", strings.NewReader(log)); err != nil {
			t.Fatal(err)
		}
		if got := failures(&s); got != want {
			t.Errorf("since %s: %d failures, want %d", since, got, want)
		}
	}
}

// TestBefore: the newest failure that Since leaves out is known, unless it is over.
func TestBefore(t *testing.T) {
	pulled := func(at time.Time) string {
		return fmt.Sprintf("time=%q level=info msg=\"PullImage \\\"registry.example.com/a:1\\\" returns image reference \\\"sha256:00\\\"\"\n", at.Format(time.RFC3339Nano))
	}
	early, late := failedAt(day, "registry.example.com/a:1"), failedAt(day.Add(time.Hour), "registry.example.com/a:1")
	for name, test := range map[string]struct {
		log  string
		want time.Time
	}{
		"the newest":         {early + late, day.Add(time.Hour)},
		"of another image":   {late + failedAt(day, "registry.example.com/b:1"), day.Add(time.Hour)},
		"pulled since":       {early + late + pulled(day.Add(2*time.Hour)), time.Time{}},
		"pulled before":      {pulled(day.Add(time.Minute)) + late, day.Add(time.Hour)},
		"pulled long after":  {late + pulled(day.AddDate(0, 0, 2)), time.Time{}},
		"nothing is too old": {failedAt(day.AddDate(0, 0, 2), "registry.example.com/a:1"), time.Time{}},
	} {
		s := Scanner{Since: day.AddDate(0, 0, 1)}
		if _, err := s.Scan("x", strings.NewReader(test.log)); err != nil {
			t.Fatal(err)
		}
		if at, file := s.Before(); !at.Equal(test.want) || at.IsZero() != (file == "") {
			t.Errorf("%s: %s in %q", name, at, file)
		}
	}
}

// TestYear reads times without a year and a zone.
func TestYear(t *testing.T) {
	east := time.FixedZone("", 3600)
	line := `Dec 31 23:30:00 node1 kubelet[1]: E1231 23:30:00.000000 1 log.go:32] "PullImage from image service failed" err="x" image="registry.example.com/a:1"`
	for _, test := range []struct {
		now  time.Time
		zone *time.Location
		want string
	}{
		{time.Time{}, nil, "unknown"},
		{time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC), nil, "2026-12-31T23:30:00.000Z"},
		{time.Date(2026, 12, 31, 23, 59, 0, 0, time.UTC), nil, "2026-12-31T23:30:00.000Z"},
		{time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC), east, "2026-12-31T22:30:00.000Z"},
	} {
		s := Scanner{Now: test.now, Zone: test.zone}
		if _, err := s.Scan("x", strings.NewReader(line)); err != nil {
			t.Fatal(err)
		}
		if got := at(s.Pulls()[0].LastFailure); got != test.want {
			t.Errorf("now %s, zone %v: %s, want %s", test.now, test.zone, got, test.want)
		}
	}
}

// TestYearOfNeighbours: in an old log a time without a year is of the times around it, but for
// that of a clock which was not set.
func TestYearOfNeighbours(t *testing.T) {
	full := `time="2024-03-01T09:00:00Z" level=info msg="PullImage \"registry.example.com/a:1\" returns image reference \"sha256:1\""` + "\n"
	unset := strings.Replace(full, "2024-03-01", "1970-01-01", 1)
	for lines, want := range map[string]string{
		full + "E0301 09:50:16.000000 1 x.go:1] ":  "2024-03-01T09:50:16.000Z",
		full + "E0229 09:50:16.000000 1 x.go:1] ":  "2024-02-29T09:50:16.000Z",
		full + "E1231 09:50:16.000000 1 x.go:1] ":  "2023-12-31T09:50:16.000Z",
		unset + "E0301 09:50:16.000000 1 x.go:1] ": "2026-03-01T09:50:16.000Z",
	} {
		s := Scanner{Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
		line := `"PullImage from image service failed" err="rpc error: code = NotFound desc = registry.example.com/a:1: not found" image="registry.example.com/a:1"` + "\n"
		if _, err := s.Scan("x", strings.NewReader(lines+line)); err != nil {
			t.Fatal(err)
		}
		if got := at(s.Pulls()[0].LastFailure); got != want {
			t.Errorf("%s: %s, want %s", lines, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		`Head "https://user:pa55@registry.example.com/v2/": EOF`:                     `Head "https://REDACTED@registry.example.com/v2/": EOF`,
		`Head "https://user:pa/55@registry.example.com/v2/": EOF`:                    `Head "https://REDACTED@registry.example.com/v2/": EOF`,
		`Get "https://mirror.example.com/v2/a@sha256:1/x?ns=docker.io&sig=1"`:        `Get "https://mirror.example.com/v2/a@sha256:1/x?ns=docker.io&sig=REDACTED"`,
		`https://auth.example.com/token?scope=repository%3Aa%3Apull&account=bob`:     `https://auth.example.com/token?scope=repository%3Aa%3Apull&account=REDACTED`,
		`https://[2001:db8::1]:5000/v2/a@sha256:1`:                                   `https://[2001:db8::1]:5000/v2/a@sha256:1`,
		`Authorization: Bearer abc.DEF.123`:                                          `Authorization: Bearer REDACTED`,
		`may require authorization: authorization failed: no basic auth`:             `may require authorization: authorization failed: no basic auth`,
		`Basic realm="registry.example.com"`:                                         `Basic realm="registry.example.com"`,
		`{"identitytoken":"abc","username":"bob"}`:                                   `{"identitytoken":"REDACTED","username":"bob"}`,
		`401; X-Amz-Security-Token: abc password: abc Cookie: a=b; c=d, x`:           `401; X-Amz-Security-Token: REDACTED password: REDACTED Cookie: REDACTED, x`,
		`authorization: token abcdef12 api-key: abc, PRIVATE-TOKEN: abc`:             `authorization: token REDACTED api-key: REDACTED, PRIVATE-TOKEN: REDACTED`,
		`token: dXNlcjpTM2NyZXQx secret: s3cr3t/7+x`:                                 `token: REDACTED secret: REDACTED`,
		`failed to fetch oauth token: auth.example.com:443: EOF`:                     `failed to fetch oauth token: auth.example.com:443: EOF`,
		`failed to fetch anonymous token: unexpected status: 401 Unauthorized`:       `failed to fetch anonymous token: unexpected status: 401 Unauthorized`,
		`nerdctl login --password abc registry.example.com`:                          `nerdctl login --password REDACTED registry.example.com`,
		`docker login -u you -p abc registry.example.com`:                            `docker login -u you -p REDACTED registry.example.com`,
		`ctr images pull --user you:abc -u you:abc registry.example.com/a:1`:         `ctr images pull --user REDACTED -u REDACTED registry.example.com/a:1`,
		`you:abc@registry.example.com, "you:a@b@[::1]:5000"`:                         `REDACTED@registry.example.com, "REDACTED@[::1]:5000"`,
		`registry.example.com/a:1@sha256:1 a:1@sha512:1 you@example.com`:             `registry.example.com/a:1@sha256:1 a:1@sha512:1 you@example.com`,
		`password "abc def" password abc1 password authentication`:                   `password "REDACTED" password REDACTED password authentication`,
		`identity token 0123456789abcdef; fetch oauth token from auth-2.example.com`: `identity token REDACTED; fetch oauth token from auth-2.example.com`,
		`got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2ln here`:                      `got eyJREDACTED here`,
		`image "registry.example.com/team/auth": not found`:                          `image "registry.example.com/team/auth": not found`,
		"open /x/-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n: no":  "open /x/-----BEGIN PRIVATE KEY-----REDACTED-----END PRIVATE KEY----- : no",
		`read "/x/-----BEGIN EC PRIVATE KEY-----\nabc" and "b"`:                      `read "/x/-----BEGIN EC PRIVATE KEY-----REDACTED" and "b"`,
		"-----BEGIN CERTIFICATE-----\nabc":                                           "-----BEGIN CERTIFICATE----- abc",
		"-----BEGIN RSA PRIVATE KEY-----\nabc":                                       "-----BEGIN RSA PRIVATE KEY-----REDACTED",
		"a\x1b[31mb\x07c\u202ed\ne":                                                  "abcd e",
		"\xff":                                                                       "\ufffd",
	} {
		if got := clean(text); got != want {
			t.Errorf("clean(%q)\n got %q\nwant %q", text, got, want)
		}
	}
	if n := len(clean(strings.Repeat("x", 1<<20))); n > maxText {
		t.Errorf("%d bytes kept of a text", n)
	}
}

// TestLine gives a followed log's lines one by one: the result is Scan's, and what says
// nothing of pulls costs nothing.
func TestLine(t *testing.T) {
	noise := `time="2026-11-23T08:00:00Z" level=info msg="StartContainer for \"1\" returns successfully"`
	log := []string{noise, strings.TrimSpace(failedAt(day, "registry.example.com/a:1")), noise, "\x00", strings.Repeat("x", maxLine+1)}
	var followed, scanned Scanner
	if _, err := scanned.Scan("x", strings.NewReader(strings.Join(log, "\n"))); err != nil {
		t.Fatal(err)
	}
	for i, line := range log {
		if ok := followed.Line("x", i+1, []byte(line)); ok != (i < 3) {
			t.Errorf("line %d: %v", i+1, ok)
		}
	}
	if diff := cmp.Diff(scanned.Pulls(), followed.Pulls()); diff != "" {
		t.Errorf("(-scanned +followed)\n%s", diff)
	}
	line := []byte(noise)
	if n := testing.AllocsPerRun(100, func() { followed.Line("x", 1, line) }); n > 0 {
		t.Errorf("%v allocations for a line that is skipped", n)
	}
}
