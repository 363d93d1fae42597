package diagnose

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/cause/lazyregexp"
	"github.com/pullwhy/pullwhy/registry"
)

// nodeRules judge what fails on the node itself, before or beside any request.
var nodeRules = map[cause.Cause]rule{
	cause.InvalidReference: {
		title:  "the image name does not parse",
		noun:   "invalid name",
		detail: says("the name is no valid reference: nothing is asked"),
		fix: func(o observation) []Note {
			return []Note{{Text: fmt.Sprintf("correct the image name in the pod's specification: %q", o.named())},
				look("see which pod it is", "kubectl get pods -A | grep -e InvalidImageName -e ImagePull")}
		},
		doc: doc{
			meaning: "The text is no image reference: upper-case letters in the repository, white space, a tag with wrong characters, a digest of the wrong length, or a variable of a template that nobody filled in.",
			shows:   "`failed to parse image reference \"TEXT\": invalid reference format`, in containerd 1.6 to 2.4 and in K3s' and RKE2's builds; the kubelet often finds it first and says `InvalidImageName`. No endpoint is asked.",
			confirm: "pullwhy route 'TEXT'\nkubectl get pod NAME -o jsonpath='{.spec.containers[*].image}'\n# openssl and curl tell nothing here: no request was made",
			fix:     "Correct the image in the pod, its controller, or the chart's values." + everywhere,
		},
	},
	cause.ImageNeverPull: {
		title:  "the image is absent and may not be pulled",
		noun:   "pull policy",
		detail: says("the pod says imagePullPolicy: Never, and the image is not on this node"),
		fix: func(o observation) []Note {
			return []Note{{Text: "set imagePullPolicy: IfNotPresent, or import the image on this node: " + o.named(), Command: o.ctr("images import FILE.tar")}}
		},
		doc: doc{
			meaning: "The pod says imagePullPolicy: Never, and the node does not have the image. Nothing was asked for.",
			shows:   "`ErrImageNeverPull`: `Container image \"IMAGE\" is not present with pull policy of Never`, of the kubelet alone; no containerd from 1.6 to 2.4, K3s' and RKE2's builds included, logs anything.",
			confirm: "crictl images\nkubectl get pod NAME -o jsonpath='{.spec.containers[*].imagePullPolicy}'\n# openssl and curl tell nothing here: no request was made",
			fix:     "Set IfNotPresent, or bring the image. K3s: an archive in /var/lib/rancher/k3s/agent/images. RKE2: in /var/lib/rancher/rke2/agent/images. Plain containerd: ctr -n k8s.io images import FILE.tar.",
		},
	},
	cause.ConfigInvalid: {
		title:  "containerd's registry configuration is wrong or ignored",
		noun:   "configuration error",
		detail: ignored,
		fix:    observation.mend,
		doc: doc{
			meaning: "containerd refuses or ignores a part of its configuration. A hosts.toml that does not decode is passed over as a whole: its mirrors, CA files and headers are lost, and the registry itself is asked without them.",
			shows:   "1.6 and 1.7: `failed to decode hosts.toml` twice for each pull; 2.0 to 2.4: `failed to decode PATH`. What Kubernetes shows is what the default endpoint then said. K3s' and RKE2's builds do the same; a cause there is a backslash or a quotation mark in a rewrite. `mirrors` cannot be set when `config_path` is provided: containerd's image service does not start.",
			confirm: "pullwhy lint\npullwhy route IMAGE\ngrep 'failed to decode' containerd.log\n# openssl and curl tell nothing here: the endpoint may be sound",
			fix:     "K3s and RKE2: correct registries.yaml, never the file that is rendered from it, and restart the agent. Plain containerd: correct the hosts.toml, which is read at every pull, or config.toml, which wants systemctl restart containerd.",
		},
	},
	cause.ConfigFileUnreadable: {
		title:  "a configured certificate or key file cannot be used",
		noun:   "unreadable file",
		detail: unusable,
		fix:    observation.mend,
		doc: doc{
			meaning: "A CA, certificate or key file that the configuration names is missing, not readable, or does not hold what it should. containerd opens these files before its first request: one of them fails every pull of that registry, whichever endpoint it is for.",
			shows:   "`unable to read CA cert`, `unable to load CA cert`, `unable to read CERT file`, or `failed to load X509 key pair`, in containerd 1.6 to 2.4 and in K3s' and RKE2's builds. No endpoint is asked.",
			confirm: "ls -l FILE\nopenssl x509 -noout -subject -dates -in FILE\nopenssl pkey -noout -in KEY\ncurl -v --cacert FILE https://HOST:PORT/v2/",
			fix:     "Put the file there, readable by root, or correct its path. " + applied("ca_file, cert_file and key_file stand under configs", "ca and client stand") + " Relative paths begin at the directory of the hosts.toml.",
		},
	},
	cause.Cancelled: {
		title:  "the pull was cancelled",
		noun:   "cancellation",
		detail: says("the text does not say why; the kubelet or containerd was restarted, or the pod was deleted meanwhile"),
		fix: func(o observation) []Note {
			return []Note{look("pull it by hand", o.crictl("pull "+quote(o.named())))}
		},
		doc: doc{
			meaning: "Whoever asked for the pull went away: the pod was deleted, the kubelet or containerd was restarted, or the client's own deadline passed.",
			shows:   "`context canceled`, in containerd 1.6 to 2.4 and in K3s' and RKE2's builds. With `cancel pulling image … because of no progress` before it, it is timeout_deadline.",
			confirm: "crictl pull IMAGE\njournalctl -u k3s -u k3s-agent -u rke2-server -u rke2-agent -u kubelet | grep -i -e starting -e stopping\ncurl -sS -o /dev/null -w '%{time_total}s\\n' https://HOST:PORT/v2/\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     "Nothing, if it was once. Else find who restarts the kubelet or containerd, or why the pull takes so long." + everywhere,
		},
	},
	cause.Unknown: {
		title: "the failure has no code of its own",
		noun:  "error",
		detail: func(o observation) string {
			if r := o.systemError(shortages); r != nil {
				return r.means
			}
			return "containerd's text does not say what failed"
		},
		fix: func(o observation) []Note {
			if r := o.systemError(shortages); r != nil {
				return []Note{{Text: r.mend}, r.look}
			}
			return []Note{look("let pullwhy ask each endpoint for it", "pullwhy diagnose "+quote(o.named())),
				look("pull it by hand", o.crictl("pull "+quote(o.named())))}
		},
		doc: doc{
			meaning: "Something failed, and neither the text nor pullwhy's own requests decide what; or the node ran out of what a connection takes: file descriptors, buffers, memory.",
			shows:   "Differently in each release from 1.6 to 2.4, and in K3s' and RKE2's builds.",
			confirm: "pullwhy diagnose IMAGE -v\ncrictl pull IMAGE\ncurl -v https://HOST:PORT/v2/\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     "Read the whole log of the pull: pullwhy diagnose -v. K3s: CONTAINERD_LOG_LEVEL=debug in /etc/systemd/system/k3s.service.env. RKE2: in /etc/default/rke2-server or rke2-agent. Plain containerd: level = \"debug\" below [debug] in /etc/containerd/config.toml. Then restart.",
		},
	},
}

func ignored(o observation) string {
	switch {
	case o.issue != nil && o.issue.Code == codeRewriteInvalid:
		return o.issue.Detail
	case o.told.Error != "":
		return "containerd ignores it: " + undecoded().ReplaceAllString(o.told.Error, "")
	case o.told.Cause != "":
		return "containerd cannot decode a hosts.toml and ignores it: its mirrors and settings are lost"
	case o.issue != nil:
		return o.issue.Detail
	}
	return "containerd refuses or ignores a part of its configuration"
}

// undecoded is how containerd begins to say why it ignores a file.
var undecoded = lazyregexp.New(`^failed to decode [^:]*(:\d+)?[^:]*: `)

func unusable(o observation) string {
	text := "no request is sent for this registry: a configured certificate or key file is missing or unusable"
	if why := unusableFile().FindString(o.reported()); why != "" {
		return "no request is sent: " + why
	}
	if o.refused != nil {
		return "no request is sent: " + o.refused.Message
	}
	return text
}

// unusableFile is how containerd says what is wrong with a file.
// (core/remotes/docker/config/hosts.go, ConfigureHosts)
var unusableFile = lazyregexp.New(`(unable to (read|load) [A-Z]+ |failed to load X509).*`)

// mend says what to do about a mistake in a file.
func (o observation) mend() []Note {
	switch path := pathIn(o.reported()); {
	case o.issue != nil && o.spare:
		remove := Note{Text: "remove ca_file: the node's own CAs verify the certificate without it", File: o.issue.File, Line: o.issue.Line}
		return append([]Note{remove}, o.mendIssue()...)
	case o.issue != nil:
		return o.mendIssue()
	case o.refused != nil && o.refused.File != "":
		return o.change(Note{Text: "correct what it says: " + o.refused.Message, File: o.refused.File, Line: o.refused.Line})
	case o.told.Error != "":
		return o.change(Note{Text: "correct or remove the file that containerd cannot decode: " + o.told.Error})
	case o.cause == cause.ConfigFileUnreadable && path != "":
		return []Note{{Text: "put a readable PEM file at " + path + ", or correct the path where it is configured"},
			look("see what is there", "ls -l "+quote(path))}
	}
	return o.change(Note{Text: "correct what containerd names: " + cmp.Or(o.reported(), "its registry configuration")})
}

func (o observation) mendIssue() []Note {
	fix := Note{Text: o.issue.Fix, File: o.issue.File, Line: o.issue.Line, Command: o.issue.Command}
	if rule, ok := registry.RuleOf(o.issue.Code); ok && (fix.Text == "" || fix.Text == rule.Fix) {
		fix.Text = clause(rule.Fix)
	}
	if o.issue.Code == codeUndecodable {
		switch fix.Text = "correct that line"; {
		case strings.Contains(o.issue.Detail, "unknown capability"): // which K3s never writes
			fix.Text = `capabilities are "pull", "resolve" and "push"`
		case rendered(o.node):
			fix.Text += " (in registries.yaml, if K3s wrote the file)"
		}
	}
	if strings.HasSuffix(o.issue.File, "hosts.toml") {
		return []Note{fix} // read at every pull
	}
	if o.issue.Code == "config_not_applied" {
		return []Note{fix} // that is the restart
	}
	return o.change(fix)
}

// clause is a sentence as advice is written: without a capital and a full stop.
func clause(sentence string) string {
	return strings.ToLower(sentence[:1]) + strings.TrimSuffix(sentence[1:], ".")
}

// reported is what the kubelet was told, or would be.
func (o observation) reported() string {
	switch {
	case o.pull == nil && o.refused != nil:
		return o.refused.Message
	case o.pull == nil:
		return ""
	}
	return strings.TrimSpace(cmp.Or(o.pull.Reported.Error, o.pull.ReportedError))
}
