// Package kube holds the manifests in deploy/ against the types and the API server that
// take them, and the agent's events and condition against that server.
package kube

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const deploy = "../../deploy"

// A manifest is one object as kustomize renders it.
type manifest struct {
	kind, name string
	text       []byte
}

// render is what kubectl apply -k would send of a folder below deploy/.
func render(t *testing.T, folder string) []manifest {
	t.Helper()
	objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(deploy, folder))
	if err != nil {
		t.Fatal(err)
	}
	var all []manifest
	for _, o := range objects.Resources() {
		text, err := o.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, manifest{o.GetKind(), o.GetName(), text})
	}
	return all
}

// A field that its type does not know is a slip of the pen that an API server passes over.
func TestManifestsDecodeStrictly(t *testing.T) {
	types := map[string]func() any{
		"Namespace":          func() any { return &corev1.Namespace{} },
		"ServiceAccount":     func() any { return &corev1.ServiceAccount{} },
		"ConfigMap":          func() any { return &corev1.ConfigMap{} },
		"PriorityClass":      func() any { return &schedulingv1.PriorityClass{} },
		"ClusterRole":        func() any { return &rbacv1.ClusterRole{} },
		"ClusterRoleBinding": func() any { return &rbacv1.ClusterRoleBinding{} },
		"DaemonSet":          func() any { return &appsv1.DaemonSet{} },
		"PodMonitor":         func() any { return &monitoring.PodMonitor{} },
		"PrometheusRule":     func() any { return &monitoring.PrometheusRule{} },
	}
	for _, m := range append(render(t, "base"), render(t, "monitoring")...) {
		t.Run(m.kind+"/"+m.name, func(t *testing.T) {
			empty, known := types[m.kind]
			if !known {
				t.Fatalf("no type for %s", m.kind)
			}
			if err := yaml.UnmarshalStrict(m.text, empty()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAlertRules lets promtool judge the rules, which are the spec of a PrometheusRule.
func TestAlertRules(t *testing.T) {
	promtool := tool(t, "promtool")
	folder := t.TempDir()
	for _, m := range render(t, "monitoring") {
		if m.kind != "PrometheusRule" {
			continue
		}
		var rule monitoring.PrometheusRule
		if err := yaml.UnmarshalStrict(m.text, &rule); err != nil {
			t.Fatal(err)
		}
		spec, err := yaml.Marshal(rule.Spec)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(folder, "rules.yaml"), spec)
	}
	tests, err := os.ReadFile(filepath.Join(deploy, "monitoring/rules_test.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(folder, "rules_test.yaml"), tests)
	if out, err := exec.Command(promtool, "test", "rules", filepath.Join(folder, "rules_test.yaml")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// tool is where a program of the test stands. In CI it is never missing.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv("CI") != "":
		t.Fatal(err)
	}
	t.Skip(err)
	return ""
}

func put(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
