# The command line as a user meets it. SECONDS are limits, about ten times what the tests take.
integration_test(refusals refusals.py 120)
integration_test(documents documents.py 120)
integration_test(sweep sweep.py 300)
integration_test(change change.py 300)
integration_test(stop stop.py 300)
integration_test(kill kill.py 300)
integration_test(slurm slurm.py 300)
integration_test(slurm_long slurm_long.py 1200 long)
