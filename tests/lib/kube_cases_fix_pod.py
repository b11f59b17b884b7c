"""What `nonzero lint --fix` makes of manifests, byte by byte: what they say.

A line that begins with + is what is put in, one with - what goes; all others stay as they are.
"""

from kube_case_fix import POD, case

case("two-unlike", """\
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
         image: named
+        securityContext:
+          runAsGroup: 1001
+          allowPrivilegeEscalation: false
+          capabilities:
+            drop:
+            - ALL
""")

case("root-is-refused-by-its-pod", POD + """\
   securityContext:
     runAsNonRoot: true
     runAsUser: 1000
     runAsGroup: 1000
+    seccompProfile:
+      type: RuntimeDefault
   containers:
   - name: a
     image: unknown
     securityContext:
-      runAsUser: 0 # as before
+      runAsUser: 1000 # as before
       allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
""")

case("root-beside-an-image-with-a-user", POD + """\
+  securityContext:
+    fsGroup: 1001
   containers:
   - name: a
     image: named
     securityContext:
-      runAsUser: 0
+      runAsUser: 1000
+      runAsNonRoot: true
+      runAsGroup: 1001
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
     volumeMounts:
     - name: data
       mountPath: /data
   volumes:
   - name: data
     persistentVolumeClaim: {claimName: d}
""")

case("claims-of-a-stateful-set", """\
 apiVersion: apps/v1
 kind: StatefulSet
 metadata: {name: db}
 spec:
   serviceName: db
   template:
     spec:
+      securityContext:
+        fsGroup: 1001
       containers:
       - name: a
         image: named
-        securityContext: {runAsUser: 0, runAsNonRoot: true}
+        securityContext: {runAsUser: 1000, runAsNonRoot: true, runAsGroup: 1001, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}
         volumeMounts: [{name: data, mountPath: /data}]
   volumeClaimTemplates:
   - metadata: {name: data}
""")

case("gate-is-open", POD + """\
   containers:
   - name: a
     image: numeric
     securityContext:
-      runAsNonRoot: false # for now
+      runAsNonRoot: true # for now
       runAsUser: 1000
       allowPrivilegeEscalation: false
       capabilities: {drop: [ALL]}
       seccompProfile: {type: RuntimeDefault}
""")

case("gate-of-the-pod-is-open", POD + """\
   securityContext:
-    runAsNonRoot: no
+    runAsNonRoot: true
+    seccompProfile:
+      type: RuntimeDefault
   containers:
   - name: a
     image: numeric
+    securityContext:
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
   - name: b
     image: numeric
     securityContext:
       runAsNonRoot: true
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
""")

case("name-behind-the-gate", POD + """\
   securityContext:
     runAsNonRoot: true
+    runAsUser: 1000
+    runAsGroup: 1001
+    seccompProfile:
+      type: RuntimeDefault
   containers:
   - name: a
     image: named
     securityContext:
       allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
""")

case("port-below-1024", POD + """\
+  securityContext:
+    sysctls:
+    - name: net.ipv4.ip_unprivileged_port_start
+      value: "0"
   containers:
   - name: a
     image: numeric
     ports: [{containerPort: 80}]
     securityContext:
       capabilities:
         add: [NET_BIND_SERVICE]
         drop: [ALL]
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
+      seccompProfile:
+        type: RuntimeDefault
""", refused=("capabilities.add: []", "the sysctl makes it needless"))

case("port-beside-sysctls", POD + """\
   securityContext:
     sysctls:
     - name: kernel.shm_rmid_forced
       value: "1" # yes
+    - name: net.ipv4.ip_unprivileged_port_start
+      value: "0"
+    runAsNonRoot: true
+    runAsGroup: 1001
+    seccompProfile:
+      type: RuntimeDefault
   containers:
   - name: a
     image: named
     ports:
     - containerPort: 80
     securityContext:
-      runAsUser: 0
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
""")

case("port-of-the-host", POD + """\
   hostNetwork: true
   containers:
   - name: a
     image: named
     ports:
     - containerPort: 80
     securityContext:
       runAsUser: 0
+      allowPrivilegeEscalation: false
""", refused=("in the network of its host", "hostNetwork: false"))

case("init-and-ephemeral", POD + """\
+  securityContext:
+    runAsNonRoot: true
+    runAsUser: 1000
+    seccompProfile:
+      type: RuntimeDefault
   initContainers:
   - name: i
     image: numeric
+    securityContext:
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
   containers:
   - name: a
     image: numeric
     securityContext:
       seccompProfile:
         type: RuntimeDefault
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
   ephemeralContainers:
   - name: e
     image: numeric
+    securityContext:
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
""")

case("windows-is-left", POD + """\
   os: {name: windows}
   containers:
   - name: a
     image: numeric
     securityContext:
       windowsOptions: {runAsUserName: ContainerUser}
""")

case("restricted", POD + """\
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
""", args=("--profile", "restricted"))

case("restricted-wants-one-field", POD + """\
-  securityContext: {runAsNonRoot: true}
+  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
   containers:
   - name: a
     image: numeric
     securityContext:
       allowPrivilegeEscalation: false
       capabilities: {drop: ["ALL"]}
""", args=("--profile", "restricted"))

case("restricted-v1.18-knows-no-seccomp", POD + """\
   containers:
   - name: a
     image: numeric
+    securityContext:
+      runAsNonRoot: true
+      runAsUser: 1000
+      allowPrivilegeEscalation: false
""", args=("--profile", "restricted:v1.18"))

case("baseline-asks-for-nothing", POD + """\
   containers:
   - name: a
     image: numeric
""", args=("--profile", "baseline"))

case("custom-resource", """\
 apiVersion: example.com/v1
 kind: Widget
 metadata: {name: w}
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
""")

case("one-of-two-is-unknown", """\
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
       - name: b
         image: unknown
+        securityContext:
+          allowPrivilegeEscalation: false
""", refused=("b has runAsNonRoot: true", "whom the image unknown starts as is not known"))

case("privileged", POD + """\
   containers:
   - name: a
     image: numeric
     securityContext:
       privileged: true
+      runAsNonRoot: true
+      runAsUser: 1000
""", refused=("privileged: false, allowPrivilegeEscalation: false",))

case("root-image", POD + """\
   containers:
   - name: a
     image: root
+    securityContext:
+      allowPrivilegeEscalation: false
""", refused=("the image root starts as root",))

case("capability", POD + """\
   containers:
   - name: a
     image: numeric
     securityContext:
       capabilities:
         add:
         - SYS_ADMIN
         - CHOWN
+        drop:
+        - ALL
+      runAsNonRoot: true
+      runAsUser: 1000
+      seccompProfile:
+        type: RuntimeDefault
""", refused=("allowPrivilegeEscalation: false, capabilities.add: []",))

case("host-process-ids", POD + """\
   hostPID: true
   containers:
   - name: a
     image: numeric
-    securityContext: {procMount: Unmasked}
+    securityContext: {procMount: Unmasked, runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}
""", refused=("hostPID: false; a has procMount: Default",))

case("init-that-was-made-root", POD + """\
   initContainers:
   - name: i
     image: named
     command: [chown, -R, app, /data]
-    securityContext: {runAsUser: 0}
+    securityContext: {runAsUser: 0, allowPrivilegeEscalation: false}
   containers:
   - name: a
     image: named
+    securityContext:
+      runAsNonRoot: true
+      runAsUser: 1000
+      runAsGroup: 1001
+      allowPrivilegeEscalation: false
+      capabilities:
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
""", refused=("its command is not the image's",))

case("group-0", POD + """\
   containers:
   - name: a
     image: numeric
     securityContext: {runAsNonRoot: true, runAsUser: 1000, runAsGroup: 0, allowPrivilegeEscalation: false}
""", refused=("whether it needs what group 0",))

case("seccomp-unconfined", POD + """\
   securityContext: {runAsNonRoot: true, seccompProfile: {type: Unconfined}}
   containers:
   - name: a
     image: numeric
     securityContext:
       allowPrivilegeEscalation: false
       capabilities: {drop: [ALL]}
""", args=("--profile", "restricted"), refused=("seccompProfile.type: RuntimeDefault",))

case("openshift-asks-only-against-what-is-written", POD + """\
   containers:
   - name: a
     image: numeric
     securityContext:
-      allowPrivilegeEscalation: true
+      allowPrivilegeEscalation: false
   - name: b
     image: numeric
""", args=("--profile", "openshift:restricted-v2"))

case("port-of-a-program-with-a-file-capability", POD + """\
   containers:
   - name: a
     image: numeric
     ports: [{containerPort: 53}]
     securityContext:
       allowPrivilegeEscalation: false
+      runAsNonRoot: true
+      runAsUser: 1000
+      seccompProfile:
+        type: RuntimeDefault
""")

case("restricted-lets-it-bind-its-port", POD + """\
   containers:
   - name: a
     image: numeric
     ports: [{containerPort: 53}]
     securityContext:
       allowPrivilegeEscalation: false
+      runAsNonRoot: true
+      runAsUser: 1000
+      capabilities:
+        add:
+        - NET_BIND_SERVICE
+        drop:
+        - ALL
+      seccompProfile:
+        type: RuntimeDefault
""", args=("--profile", "restricted"))
