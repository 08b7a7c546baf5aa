# hesim: transition probabilities by strategy and draw, simulated as a cohort discrete-time model.
suppressPackageStartupMessages({library(hesim); library(data.table)})
folder <- commandArgs(TRUE)[1]
size <- scan(file.path(folder, "size.txt"), quiet = TRUE)
read <- function(name, ...) array(readBin(file.path(folder, name), "double", prod(...)), c(...))
strategies <- size[1]; draws <- size[2]; states <- size[3]; cycles <- size[4]
transition <- read("transition.bin", c(states, states, draws, strategies))
years <- scan(file.path(folder, "years.txt"), quiet = TRUE)
begun <- Sys.time()
data <- hesim_data(strategies = data.frame(strategy_id = seq_len(strategies)), patients = data.frame(patient_id = 1))
probabilities <- aperm(transition, c(2, 1, 3, 4))
dim(probabilities) <- c(states, states, draws * strategies)
parameters <- tparams_transprobs(probabilities,
  tpmatrix_id = tpmatrix_id(data.table(strategy_id = seq_len(strategies), patient_id = 1), n_samples = draws))
model <- CohortDtstmTrans$new(params = parameters, cycle_length = years)
trace <- model$sim_stateprobs(n_cycles = cycles)
cat(format(as.numeric(difftime(Sys.time(), begun, units = "secs")), digits = 12))
