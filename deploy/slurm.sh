#!/usr/bin/env bash
# A run on a Slurm cluster whose nodes share a file system: sbatch deploy/slurm.sh /scratch/scans /scratch/clean
#SBATCH --job-name=bgtool
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem-per-cpu=2G
#SBATCH --time=08:00:00
#SBATCH --signal=B:INT@60
set -euo pipefail

scans=$1 clean=$2 cores=4
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
address=$(srun --nodes=1 --ntasks=1 --nodelist="$head" hostname --ip-address | awk '{print $1}'):6379

srun --overlap --nodes=1 --ntasks=1 --nodelist="$head" \
  ray start --head --port=6379 --num-cpus="$SLURM_CPUS_PER_TASK" --include-dashboard=false --disable-usage-stats --block &
until srun --overlap --nodes=1 --ntasks=1 --nodelist="$head" ray status --address="$address" > /dev/null 2>&1; do
  sleep 2
done
if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
  srun --overlap --nodes=$((SLURM_JOB_NUM_NODES - 1)) --ntasks-per-node=1 --exclude="$head" \
    ray start --address="$address" --num-cpus="$SLURM_CPUS_PER_TASK" --disable-usage-stats --block &
fi

workers=$((SLURM_JOB_NUM_NODES * SLURM_CPUS_PER_TASK / cores))
bgtool clean "$scans" -o "$clean" --engine ray --ray-address "$address" --workers "$workers" --worker-cpus "$cores" &
trap 'kill -INT $!; wait $!' INT  # shortly before the time is over: what is done is on record
wait $!
