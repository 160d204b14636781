#!/usr/bin/env bash
# A Slurm cluster of one node on this machine, for tests: munge, slurmdbd with MariaDB,
# slurmctld and slurmd from Debian's packages, as root, without systemd or cgroups, on the
# loopback interface only.
#
#   slurm.sh up          install what is missing, start what is not running, run a job as proof
#   slurm.sh stop        stop what this script started, by process id
#   slurm.sh status      which daemons run
#   slurm.sh node-stop   kill the node's daemon and its jobs, as a crash of the node does
#   slurm.sh node-start  start the node's daemon again
set -euo pipefail

STATE=${RANKSCOPE_SLURM_STATE:-/var/tmp/rankscope-slurm}
ETC=/etc/slurm # nowhere else: the job step plugin does not pass SLURM_CONF on
NODE=$(hostname -s)
DATABASE_PORT=33306
# more than there is: jobs of the tests mostly sleep
CPUS=8
MEMORY_MB=32000
PACKAGES=(munge slurm-client slurmctld slurmd slurmdbd mariadb-server-core mariadb-client-core)
DAEMONS=(munged mariadbd slurmdbd slurmctld slurmd)
MARK="# written by rankscope's tests"
export PATH=$PATH:/usr/sbin:/sbin DEBIAN_FRONTEND=noninteractive

fail() {
  echo "slurm.sh: $*" >&2
  tail -n 12 "$STATE"/log/*.log >&2 2>/dev/null || true
  exit 1
}

# until_true SECONDS WHAT COMMAND...
until_true() {
  local rounds=$(($1 * 10)) what=$2
  shift 2
  while ! "$@" >/dev/null 2>&1; do
    ((rounds--)) || fail "$what is not ready"
    sleep 0.1
  done
}

process() { cat "$STATE/run/$1.pid" 2>/dev/null || true; }

# The recorded process lives and still is that program.
running() {
  local id
  id=$(process "$1")
  [ -n "$id" ] && [ "$(cat "/proc/$id/comm" 2>/dev/null)" = "$1" ] &&
    ! grep -q '^State:[[:space:]]*[ZX]' "/proc/$id/status" 2>/dev/null
}

launch() {
  local name=$1
  shift
  running "$name" && return 0
  setsid "$@" </dev/null >>"$STATE/log/$name.log" 2>&1 &
  echo $! >"$STATE/run/$name.pid"
  disown
}

halt() {
  local id rounds=100
  if running "$1"; then
    id=$(process "$1")
    kill -TERM "$id" || true
    while running "$1" && ((rounds--)); do sleep 0.1; done
    if running "$1"; then kill -KILL "$id" || true; fi
  fi
  rm -f "$STATE/run/$1.pid"
}

install_packages() {
  local missing=() package policy=/usr/sbin/policy-rc.d made=
  for package in "${PACKAGES[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return 0
  # the packages must not start daemons of their own
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=yes; }
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    >"$STATE/log/apt.log" 2>&1 || { [ -n "$made" ] && rm -f $policy; fail "apt-get failed"; }
  [ -z "$made" ] || rm -f $policy
}

configure() {
  if [ -s $ETC/slurm.conf ] && ! grep -q "^$MARK" $ETC/slurm.conf; then
    fail "$ETC/slurm.conf belongs to another Slurm, which is left alone"
  fi
  mkdir -p $ETC
  cat >$ETC/slurm.conf <<CONF
$MARK
ClusterName=tests
SlurmctldHost=$NODE(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CryptoType=crypto/munge
StateSaveLocation=$STATE/state
SlurmdSpoolDir=$STATE/spool
SlurmctldPidFile=$STATE/run/slurmctld.own
SlurmdPidFile=$STATE/run/slurmd.own
SlurmctldLogFile=$STATE/log/slurmctld.log
SlurmdLogFile=$STATE/log/slurmd.log
# no cgroups and no binding to cores, which containers do not allow
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
MailProg=/bin/true
# memory is looked at every second, and a job that takes more than it asked for is killed
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
DefMemPerCPU=200
ReturnToService=2
SlurmdTimeout=10
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
KillWait=2
MinJobAge=300
CompleteWait=0
UnkillableStepTimeout=10
NodeName=$NODE NodeAddr=127.0.0.1 CPUs=$CPUS RealMemory=$MEMORY_MB State=UNKNOWN
PartitionName=tests Nodes=$NODE Default=YES MaxTime=INFINITE State=UP
CONF
  cat >$ETC/slurmdbd.conf <<CONF
$MARK
AuthType=auth/munge
DbdHost=localhost
DbdAddr=127.0.0.1
SlurmUser=root
LogFile=$STATE/log/slurmdbd.log
PidFile=$STATE/run/slurmdbd.own
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$DATABASE_PORT
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct
CONF
  chmod 600 $ETC/slurmdbd.conf
}

start_munge() {
  munge -n >/dev/null 2>&1 && return 0
  mkdir -p /etc/munge /run/munge /var/log/munge /var/lib/munge
  [ -s /etc/munge/munge.key ] || head -c 1024 /dev/urandom >/etc/munge/munge.key
  chown munge: /etc/munge /etc/munge/munge.key /run/munge /var/log/munge /var/lib/munge
  chmod 400 /etc/munge/munge.key
  chmod 755 /run/munge
  chmod 711 /var/lib/munge
  chmod 700 /var/log/munge
  rm -f /run/munge/munge.socket.2*
  launch munged runuser -u munge -- /usr/sbin/munged --foreground
  until_true 20 munge munge -n
  cat /run/munge/munged.pid >"$STATE/run/munged.pid" # not runuser, its parent
}

sql() { mariadb --no-defaults -uroot -S "$STATE/run/database.sock" -e "$1"; }

start_accounting() {
  if [ ! -d "$STATE/database/mysql" ]; then
    mariadb-install-db --no-defaults --user=root --datadir="$STATE/database" --skip-test-db \
      --auth-root-authentication-method=normal >"$STATE/log/mariadb-install.log" 2>&1 ||
      fail "mariadb-install-db failed"
  fi
  launch mariadbd mariadbd --no-defaults --user=root --datadir="$STATE/database" \
    --socket="$STATE/run/database.sock" --port=$DATABASE_PORT --bind-address=127.0.0.1 \
    --skip-name-resolve --innodb-buffer-pool-size=64M --innodb-lock-wait-timeout=900
  until_true 60 MariaDB sql "select 1"
  sql "create database if not exists slurm_acct;
    create user if not exists slurm@'127.0.0.1' identified by 'slurm';
    grant all on slurm_acct.* to slurm@'127.0.0.1';"
  launch slurmdbd slurmdbd -D
  until_true 60 slurmdbd sacctmgr -n -P show cluster
  [ -n "$(sacctmgr -n -P show cluster tests format=cluster)" ] ||
    sacctmgr -i -Q add cluster tests >/dev/null
  [ -n "$(sacctmgr -n -P show account tests format=account)" ] ||
    sacctmgr -i -Q add account tests cluster=tests Description=tests Organization=tests >/dev/null
  [ -n "$(sacctmgr -n -P show user root format=user)" ] ||
    sacctmgr -i -Q add user root account=tests defaultaccount=tests >/dev/null
}

node_is_up() { sinfo -h -N -o %t | grep -qxE 'idle|mix|alloc|comp'; }

start_node() {
  launch slurmd slurmd -D
  local rounds=300
  while ! node_is_up; do
    ((rounds--)) || fail "the node does not come up: $(sinfo -h -N -o '%t %E')"
    scontrol update nodename="$NODE" state=resume >/dev/null 2>&1 || true
    sleep 0.1
  done
}

up() {
  mkdir -p "$STATE"/{run,log,state,spool,database}
  if running slurmctld && running slurmd && node_is_up; then return 0; fi
  if pgrep -x slurmctld >/dev/null && ! running slurmctld; then
    fail "another Slurm runs on this machine, which is left alone"
  fi
  install_packages
  configure
  start_munge
  start_accounting
  launch slurmctld slurmctld -D
  until_true 30 slurmctld bash -c 'scontrol ping | grep -q "is UP"'
  start_node
  local job
  job=$(sbatch --parsable --time=1 --output="$STATE/log/proof.out" --wrap="srun -n1 hostname")
  until_true 30 "the first job" bash -c "scontrol show job $job | grep -q JobState=COMPLETED"
}

stop() {
  local index
  if running slurmctld; then scancel --user=root >/dev/null 2>&1 || true; fi
  for ((index = ${#DAEMONS[@]} - 1; index >= 0; index--)); do halt "${DAEMONS[index]}"; done
}

# The process and all that descend from it, children first.
kill_tree() {
  local child
  for child in $(pgrep -P "$1" || true); do kill_tree "$child"; done
  kill -KILL "$1" 2>/dev/null || true
}

# A crash of the node: its daemon and its jobs die at once.
node_stop() {
  local step
  kill -KILL "$(process slurmd)" || true
  for step in $(pgrep -x slurmstepd || true); do kill_tree "$step"; done
  rm -f "$STATE/run/slurmd.pid"
}

status() {
  local name code=0
  for name in "${DAEMONS[@]}"; do
    if running "$name"; then echo "$name runs"; else
      echo "$name does not run"
      code=1
    fi
  done
  return $code
}

case ${1:-} in
up) up ;;
stop) stop ;;
status) status ;;
node-stop) node_stop ;;
node-start) start_node ;;
*)
  echo "usage: $0 up|stop|status|node-stop|node-start" >&2
  exit 2
  ;;
esac
