"""What `nonzero lint --fix` makes of manifests, byte by byte: how they are written.

A line that begins with + is what is put in, one with - what goes; all others stay as they are.
"""

from kube_case_fix import POD, case

case("bare", POD + """\
   containers:
   - name: a
     image: numeric
+    securityContext:
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
""")

case("list-indented", POD + """\
   containers:
     - name: a
       image: numeric
+      securityContext:
+        runAsNonRoot: true
+        runAsUser: 1000
+        allowPrivilegeEscalation: false
+        capabilities:
+          drop:
+            - ALL
+        seccompProfile:
+          type: RuntimeDefault
       ports: []
""")

case("four-spaces", POD + """\
     restartPolicy: Never
     containers:
     -   name: a
         image: numeric
+        securityContext:
+            runAsNonRoot: true
+            runAsUser: 1000
+            allowPrivilegeEscalation: false
+            capabilities:
+                drop:
+                - ALL
+            seccompProfile:
+                type: RuntimeDefault
         resources:
             limits:
                 cpu: 1
""")

case("two-alike", """\
 apiVersion: apps/v1
 kind: Deployment
 metadata:
   name: web
   namespace: prod
 spec:
   template:
     spec:
+      securityContext:
+        runAsNonRoot: true
+        runAsUser: 1000
+        seccompProfile:
+          type: RuntimeDefault
       containers:
       - name: a
         image: numeric
+        securityContext:
+          allowPrivilegeEscalation: false
+          capabilities:
+            drop:
+            - ALL
       - name: b
         image: numeric
+        securityContext:
+          allowPrivilegeEscalation: false
+          capabilities:
+            drop:
+            - ALL
""")

case("pod-has-context", POD + """\
   securityContext:
     fsGroup: 5 # data
+    runAsNonRoot: true
+    runAsUser: 1000
+    seccompProfile:
+      type: RuntimeDefault
   containers:
   - name: a
     image: numeric
+    securityContext:
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
""")

case("container-has-context", POD + """\
   containers:
   - image: numeric
     securityContext:
       readOnlyRootFilesystem: true
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
       # keep this
     name: a
""")

case("context-is-empty", POD + """\
   containers:
   - name: a
     securityContext:
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
     image: numeric
""")

case("context-is-an-empty-map", POD + """\
   securityContext: {} # nothing
   containers:
   - name: a
     image: numeric
-    securityContext: {}
+    securityContext:
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
""")

case("context-is-null", POD + """\
   containers:
   - name: a
     image: numeric
-    securityContext: null # none
+    securityContext: # none
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
     tty: true
""")

case("flow-context", POD + """\
-  securityContext: {fsGroup: 5}
+  securityContext: {fsGroup: 5, runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
   containers:
   - name: a
     image: numeric
-    securityContext: { readOnlyRootFilesystem: true }
+    securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]} }
""")

case("flow-container", POD + """\
-  containers: [{name: a, image: numeric}]
+  containers: [{name: a, image: numeric, securityContext: {runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}}]
""")

case("flow-over-lines", POD + """\
   containers: [
     {
       name: a, # it
-      image: numeric # that
+      image: numeric, # that
+      securityContext: {runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}
     },
   ]
""")

case("json-compact", """\
-{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"numeric"}]}}
+{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"numeric","securityContext":{"runAsNonRoot":true,"runAsUser":1000,"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"seccompProfile":{"type":"RuntimeDefault"}}}]}}
""")

case("json-spaced", """\
-{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "image": "numeric", "securityContext": {}}]}}
+{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "image": "numeric", "securityContext": {"runAsNonRoot": true, "runAsUser": 1000, "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}}]}}
""", end="")

case("json-pretty", """\
 {
   "apiVersion": "v1",
   "kind": "Pod",
   "metadata": {
     "name": "p"
   },
   "spec": {
     "securityContext": {},
     "containers": [
       {
         "name": "a",
-        "image": "numeric"
+        "image": "numeric",
+        "securityContext": {
+          "runAsNonRoot": true,
+          "runAsUser": 1000,
+          "allowPrivilegeEscalation": false,
+          "capabilities": {
+            "drop": [
+              "ALL"
+            ]
+          },
+          "seccompProfile": {
+            "type": "RuntimeDefault"
+          }
+        }
       }
     ]
   }
 }
""")

case("json-tabs", """\
 {
 \t"apiVersion": "v1",
 \t"kind": "Pod",
 \t"metadata": {"name": "p"},
 \t"spec": {
 \t\t"containers": [
 \t\t\t{
 \t\t\t\t"name": "a",
-\t\t\t\t"image": "numeric"
+\t\t\t\t"image": "numeric",
+\t\t\t\t"securityContext": {
+\t\t\t\t\t"runAsNonRoot": true,
+\t\t\t\t\t"runAsUser": 1000,
+\t\t\t\t\t"allowPrivilegeEscalation": false,
+\t\t\t\t\t"capabilities": {
+\t\t\t\t\t\t"drop": [
+\t\t\t\t\t\t\t"ALL"
+\t\t\t\t\t\t]
+\t\t\t\t\t},
+\t\t\t\t\t"seccompProfile": {
+\t\t\t\t\t\t"type": "RuntimeDefault"
+\t\t\t\t\t}
+\t\t\t\t}
 \t\t\t}
 \t\t]
 \t}
 }
""")

case("json-crlf", """\
 {
   "apiVersion": "v1",
   "kind": "Pod",
   "metadata": {"name": "p"},
   "spec": {
     "containers": [
       {
         "name": "a",
-        "image": "numeric"
+        "image": "numeric",
+        "securityContext": {
+          "runAsNonRoot": true,
+          "runAsUser": 1000,
+          "allowPrivilegeEscalation": false,
+          "capabilities": {
+            "drop": [
+              "ALL"
+            ]
+          },
+          "seccompProfile": {
+            "type": "RuntimeDefault"
+          }
+        }
       }
     ]
   }
 }
""", eol="\r\n")

case("crlf", POD + """\
   containers:
   - name: a # a
     image: numeric
+    securityContext:
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
""", eol="\r\n")

case("no-newline-at-end", POD + """\
   containers:
   - name: a
     image: numeric
+    securityContext:
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
""", end="")

case("comments", """\
 # top
 apiVersion: v1
 kind: Pod
 metadata: {name: p}
 spec:
   # before
 
   # the containers
   containers:  # all
   # first
   - name: a  # name
     # why this image
     image: numeric  # pinned
+    securityContext:
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
     # ports
     ports:
     - containerPort: 8080  # http
     # end
   # after
   restartPolicy: Always
 # bottom
""")

case("several-documents", """\
 ---
 apiVersion: v1
 kind: Pod
 metadata: {name: p}
 spec:
   containers:
   - name: a
     image: numeric
+    securityContext:
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
 ---
 # nothing
 ---
 apiVersion: v1
 kind: ConfigMap
 metadata: {name: c}
 data: {a: b}
 ---
 apiVersion: apps/v1
 kind: Deployment
 metadata:
   name: web
   namespace: prod
 spec:
   template:
     spec:
       containers:
       - name: a
         image: numeric
+        securityContext:
+          runAsNonRoot: true
+          runAsUser: 1000
+          allowPrivilegeEscalation: false
+          capabilities:
+            drop:
+            - ALL
+          seccompProfile:
+            type: RuntimeDefault
 ...
""")

case("list", """\
 apiVersion: v1
 kind: List
 items:
 - apiVersion: v1
   kind: Pod
   metadata: {name: p}
   spec:
     containers:
     - name: a
       image: numeric
+      securityContext:
+        runAsNonRoot: true
+        runAsUser: 1000
+        allowPrivilegeEscalation: false
+        capabilities:
+          drop:
+          - ALL
+        seccompProfile:
+          type: RuntimeDefault
 - apiVersion: v1
   kind: Pod
   metadata: {name: q}
-  spec: {containers: [{name: a, image: numeric}]}
+  spec: {containers: [{name: a, image: numeric, securityContext: {runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}}]}
""")

case("cron-job", """\
 apiVersion: batch/v1
 kind: CronJob
 metadata:
   name: j
 spec:
   schedule: '* * * * *'
   jobTemplate:
     spec:
       template:
         spec:
           restartPolicy: Never
           containers:
           - name: a
             image: numeric
+            securityContext:
+              runAsNonRoot: true
+              runAsUser: 1000
+              allowPrivilegeEscalation: false
+              capabilities:
+                drop:
+                - ALL
+              seccompProfile:
+                type: RuntimeDefault
             args: ['-c']
""")

case("drop-in-brackets", POD + """\
   containers:
   - name: a
     image: numeric
     securityContext:
-      capabilities: {drop: [NET_RAW]}
+      capabilities: {drop: [NET_RAW, ALL]}
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      seccompProfile:
+        type: RuntimeDefault
""")

case("drop-in-lines", POD + """\
   containers:
   - name: a
     image: numeric
     securityContext:
       capabilities:
         add: [CHOWN]
         drop:
           - NET_RAW # raw
+          - ALL
       privileged: false
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      seccompProfile:
+        type: RuntimeDefault
""", refused=("capabilities.add: []", "somebody asked for it"))

case("quoted-keys", """\
 "apiVersion": "v1"
 "kind": "Pod"
 "metadata":
   "name": "p"
 "spec":
   "containers":
     - "name": "a"
       "image": "numeric"
+      "securityContext":
+        "runAsNonRoot": true
+        "runAsUser": 1000
+        "allowPrivilegeEscalation": false
+        "capabilities":
+          "drop":
+            - "ALL"
+        "seccompProfile":
+          "type": "RuntimeDefault"
""")

case("anchor-of-all", POD + """\
+  securityContext:
+    runAsNonRoot: true
+    runAsUser: 1000
+    seccompProfile:
+      type: RuntimeDefault
   containers:
   - name: a
     image: numeric
     securityContext: &c
       readOnlyRootFilesystem: true
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
   - name: b
     image: numeric
     securityContext: *c
""")

case("anchor-of-some", POD + """\
   containers:
   - name: a
     image: numeric
     securityContext: &c
       readOnlyRootFilesystem: true
   - name: b
     image: unknown
     securityContext: *c
""", refused=("an alias stands for what would change", "whom the image unknown"))

case("merge-key", """\
 x: &d
   image: numeric
   resources: {}
 apiVersion: v1
 kind: Pod
 metadata: {name: p}
 spec:
   containers:
   - <<: *d
     name: a
+    securityContext:
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
""")

case("merged-context", POD + """\
+  securityContext:
+    runAsNonRoot: true
+    seccompProfile:
+      type: RuntimeDefault
   containers:
   - &a
     name: a
     image: numeric
     securityContext: &c
       readOnlyRootFilesystem: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
   - <<: *a
     name: b
     securityContext:
       <<: *c
       runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
""")

case("text-of-lines-last", POD + """\
+  securityContext:
+    runAsNonRoot: true
+    runAsUser: 1000
+    seccompProfile:
+      type: RuntimeDefault
   containers:
   - image: numeric
     name: a
+    securityContext:
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
     args:
     - |
       # no comment
       name: x
 
   - name: b
     image: numeric
+    securityContext:
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
     command: [sh, -c, "a
       b"]
""")

case("byte-order-mark", POD + """\
   containers:
   - name: a
     image: numeric
+    securityContext:
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
""", bom=True)

case("helm", """\
 ---
 # Source: web/templates/deployment.yaml
 apiVersion: apps/v1
 kind: Deployment
 metadata:
   name: web
   namespace: prod
 spec:
   template:
     spec:
       containers:
         - name: a
           image: "numeric"
           imagePullPolicy: IfNotPresent
+          securityContext:
+            runAsNonRoot: true
+            runAsUser: 1000
+            allowPrivilegeEscalation: false
+            capabilities:
+              drop:
+                - ALL
+            seccompProfile:
+              type: RuntimeDefault
           resources:
             {}
       nodeSelector:
         {}
""")

case("dash-alone", POD + """\
   containers:
   -
     name: a
     image: numeric
+    securityContext:
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
""")

case("spec-after-status", """\
 kind: Pod
 spec:
   containers:
   - image: numeric
     name: a
+    securityContext:
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
     resources: {}
     terminationMessagePath: /dev/termination-log
   dnsPolicy: ClusterFirst
 status: {}
 apiVersion: v1
 metadata:
   name: p
""")

case("anchor-of-two-pods", """\
 kind: List
 apiVersion: v1
 items:
 - apiVersion: v1
   kind: Pod
   metadata: {name: p}
   spec: &spec
     containers:
     - name: a
       image: numeric
+      securityContext:
+        runAsNonRoot: true
+        runAsUser: 1000
+        allowPrivilegeEscalation: false
+        capabilities:
+          drop:
+          - ALL
+        seccompProfile:
+          type: RuntimeDefault
 - apiVersion: v1
   kind: Pod
   metadata: {name: q}
   spec: *spec
""")
